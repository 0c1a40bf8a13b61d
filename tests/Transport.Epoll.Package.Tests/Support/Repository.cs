using System.Xml.Linq;

namespace Transport.Epoll.Package.Tests.Support;

/// <summary>Where things are in this repository.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Project { get; } = File("src/Transport.Epoll/Transport.Epoll.csproj");

    /// <summary>Debug or Release, as these tests were built.</summary>
    public static string Configuration { get; } = AppContext.BaseDirectory.Contains("/Debug/", StringComparison.Ordinal) ? "Debug" : "Release";

    public static string File(string path) => Path.Combine(Root, path);

    /// <summary>A property of Directory.Build.props.</summary>
    public static string Property(string name) =>
        XDocument.Load(File("Directory.Build.props")).Descendants(name).Single().Value;

    /// <summary>The version of a package in Directory.Packages.props.</summary>
    public static string PackageVersion(string name) => XDocument.Load(File("Directory.Packages.props"))
        .Descendants("PackageVersion").Single(package => package.Attribute("Include")!.Value == name).Attribute("Version")!.Value;

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "Transport.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is in no clone of the repository.");
        }

        return folder.FullName;
    }
}

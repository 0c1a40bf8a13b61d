using System.IO.Compression;
using System.Xml.Linq;

namespace Transport.Epoll.Package.Tests.Support;

/// <summary>
/// The packages in a local feed, and a folder whose apps restore from it. TRANSPORT_EPOLL_PACKAGES names a folder with packages to test; without it they
/// are packed from this build.
/// </summary>
public sealed class PackageFixture : IAsyncLifetime
{
    private const string Id = "Transport.Epoll";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("te-package-");

    /// <summary>Others' packages, kept between runs: some have a hundred megabytes.</summary>
    private readonly string _cache = Repository.File("artifacts/package-tests");

    /// <summary>The version in Directory.Build.props.</summary>
    public string Version { get; } = Repository.Property("Version");

    /// <summary>Where apps are made.</summary>
    public string Apps => _folder.CreateSubdirectory("apps").FullName;

    private string Feed => _folder.CreateSubdirectory("feed").FullName;

    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("TRANSPORT_EPOLL_PACKAGES") is { Length: > 0 } given)
        {
            foreach (var file in Directory.EnumerateFiles(given, $"{Id}.{Version}.*nupkg"))
            {
                File.Copy(file, Path.Combine(Feed, Path.GetFileName(file)));
            }
        }
        else
        {
            await Command.RunAsync(Repository.Root, Command.Dotnet, "pack", Repository.Project, "--no-build", "--configuration", Repository.Configuration, "--output", Feed);
        }

        Directory.CreateDirectory(_cache);
        var old = Path.Combine(_cache, "transport.epoll");
        if (Directory.Exists(old))
        {
            Directory.Delete(old, recursive: true); // the same version, but not the same package
        }

        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "NuGet.Config"), NuGetConfig().ToString());
    }

    public Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>Opens a package, by its extension: nupkg or snupkg.</summary>
    internal ZipArchive Open(string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Feed, $"{Id}.{Version}.{extension}"));

    /// <summary>The transport comes from the local feed alone, all else from where this machine has it.</summary>
    private XElement NuGetConfig()
    {
        var shared = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Directory.CreateDirectory(shared);
        return new XElement(
            "configuration",
            new XElement("config", Add("globalPackagesFolder", _cache)),
            new XElement("fallbackPackageFolders", new XElement("clear"), Directory.Exists(Path.Combine(shared, "transport.epoll")) ? null : Add("shared", shared)),
            new XElement("packageSources", Add("here", Feed)),
            new XElement("packageSourceMapping", Source("here", Id), Source("nuget.org", "*")));
    }

    private static XElement Add(string key, string value) => new("add", new XAttribute("key", key), new XAttribute("value", value));

    private static XElement Source(string key, string pattern) =>
        new("packageSource", new XAttribute("key", key), new XElement("package", new XAttribute("pattern", pattern)));
}

/// <summary>One feed for all classes.</summary>
[CollectionDefinition(Name)]
public sealed class PackageTests : ICollectionFixture<PackageFixture>
{
    public const string Name = "Package";
}

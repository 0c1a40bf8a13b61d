using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Transport.Epoll.Package.Tests.Support;

namespace Transport.Epoll.Package.Tests;

/// <summary>What the package says of itself, and what is in it.</summary>
[Collection(PackageTests.Name)]
public sealed partial class ContentsTests(PackageFixture package)
{
    [Fact]
    public void Nuspec_Always_SaysWhatUsersLookFor()
    {
        var metadata = Nuspec();

        Assert.Equal("Transport.Epoll", Value(metadata, "id"));
        Assert.Equal(package.Version, Value(metadata, "version"));
        Assert.Equal("MIT", Value(metadata, "license"));
        Assert.Equal("icon.png", Value(metadata, "icon"));
        Assert.Equal("README.md", Value(metadata, "readme"));
        Assert.Equal(Repository.Property("RepositoryUrl"), Value(metadata, "projectUrl"));
        Assert.All(["authors", "description", "tags"], name => Assert.NotEmpty(Value(metadata, name)));
        var repository = Child(metadata, "repository");
        Assert.Equal(Repository.Property("RepositoryUrl"), repository.Attribute("url")!.Value);
        Assert.Matches("^[0-9a-f]{40}$", repository.Attribute("commit")!.Value);
    }

    [Fact]
    public void Nuspec_Dependencies_AreTheThreePackages()
    {
        var dependencies = Nuspec().Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value);

        Assert.Equal(["Microsoft.AspNetCore.Connections.Abstractions", "Microsoft.Extensions.Hosting", "Tmds.LibC"], dependencies.Order());
        Assert.DoesNotContain(Nuspec().Descendants(), element => element.Name.LocalName == "frameworkReference"); // decision 0001
    }

    /// <summary>The gallery takes 35,000 characters.</summary>
    [Fact]
    public void Nuspec_ReleaseNotes_AreTheChangelogsSection()
    {
        var changelog = File.ReadAllText(Repository.File("CHANGELOG.md"));
        var section = changelog[changelog.IndexOf($"\n## {package.Version}", StringComparison.Ordinal)..].TrimStart();
        section = section[section.IndexOf('\n', StringComparison.Ordinal)..].Split("\n## ")[0].Trim();

        var notes = Value(Nuspec(), "releaseNotes");

        Assert.Equal(Words(section), Words(notes));
        Assert.InRange(notes.Length, 1, 35_000);
        static string Words(string text) => Space().Replace(text, " ");
    }

    [Fact]
    public void Page_Links_AreAbsolute()
    {
        var page = Text("README.md");

        Assert.DoesNotContain(Link().Matches(page).Select(match => match.Groups[1].Value), target => !target.StartsWith("https://", StringComparison.Ordinal));
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Icon_Always_IsASmallPng()
    {
        using var zip = package.Open();
        var icon = zip.GetEntry("icon.png")!;

        var header = new byte[24];
        using var stream = icon.Open();
        stream.ReadExactly(header);

        Assert.Equal("PNG"u8, header.AsSpan(1, 3));
        Assert.Equal(128, header[19]); // the width's last byte of four; the gallery wants 128 × 128
        Assert.Equal(128, header[23]);
        Assert.InRange(icon.Length, 1, 100_000);
    }

    [Fact]
    public void Documentation_Always_HasThePublicMembersAndNoOther()
    {
        var documented = XDocument.Parse(Text("lib/net10.0/Transport.Epoll.xml").TrimStart('\uFEFF')).Descendants("member").Select(member => member.Attribute("name")!.Value.Split('(')[0]);

        var assembly = Assembly.Load(Bytes("lib/net10.0/Transport.Epoll.dll"));
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var types = assembly.GetExportedTypes();
        var expected = types.Select(type => $"T:{type.FullName}")
            .Concat(types.SelectMany(type => type.GetProperties(Declared).Select(property => $"P:{type.FullName}.{property.Name}")))
            .Concat(types.SelectMany(type => type.GetFields(Declared).Where(field => !field.IsSpecialName).Select(field => $"F:{type.FullName}.{field.Name}")))
            .Concat(types.SelectMany(type => type.GetMethods(Declared).Where(method => !method.IsSpecialName).Select(method => $"M:{type.FullName}.{method.Name}")));
        Assert.Equal(expected.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Assembly_Always_HasTheVersionAndTheCommit()
    {
        var assembly = Assembly.Load(Bytes("lib/net10.0/Transport.Epoll.dll"));

        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

        var commit = Child(Nuspec(), "repository").Attribute("commit")!.Value;
        Assert.Equal($"{package.Version}+{commit}", version);
    }

    [Fact]
    public void Symbols_Always_FindTheSourcesWhereTheProjectIsPublished()
    {
        using var zip = package.Open("snupkg");
        using var stream = zip.GetEntry("lib/net10.0/Transport.Epoll.pdb")!.Open();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var symbols = reader.ReadToEnd(); // the map of sources stands in it as plain JSON

        var commit = Child(Nuspec(), "repository").Attribute("commit")!.Value;
        Assert.Contains($"/*\":\"{Repository.Property("RepositoryUrl")}/raw/{commit}/*\"}}", symbols, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pack_PlaceholderUrl_IsNotPublished()
    {
        using var output = new TempFolder();

        var (exitCode, log) = await Command.TryRunAsync(Repository.Root, Command.Dotnet, "pack", Repository.Project, "--no-build",
            "--configuration", Repository.Configuration, "--output", output.Path, "-p:Publishing=true", "-p:RepositoryUrl=https://repository.invalid/transport-epoll");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("set it in Directory.Build.props before a release", log, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(output.Path));
    }

    private XElement Nuspec() => XDocument.Parse(Text("Transport.Epoll.nuspec").TrimStart('\uFEFF')).Root!.Elements().Single();

    private static XElement Child(XElement metadata, string name) => metadata.Elements().Single(element => element.Name.LocalName == name);

    private static string Value(XElement metadata, string name) => Child(metadata, name).Value;

    private string Text(string entry) => Encoding.UTF8.GetString(Bytes(entry));

    private byte[] Bytes(string entry)
    {
        using var zip = package.Open();
        using var stream = zip.GetEntry(entry)!.Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    [GeneratedRegex(@"\]\(([^)]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}

namespace Transport.Epoll.Package.Tests.Support;

/// <summary>An app as a newcomer makes it: a template, the package, the one line.</summary>
internal sealed class AppFolder
{
    public const string Line = "builder.WebHost.UseEpollTransport();";

    private AppFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>Makes an app from a template of the SDK, in an empty folder of this name.</summary>
    public static async Task<AppFolder> CreateAsync(PackageFixture package, string template, string name)
    {
        var folder = new AppFolder(System.IO.Path.Combine(package.Apps, name));
        Directory.CreateDirectory(folder.Path);
        await folder.DotnetAsync("new", template);
        return folder;
    }

    /// <summary>The same with the transport, in a web app.</summary>
    public static async Task<AppFolder> CreateWithTransportAsync(PackageFixture package, string template, string name)
    {
        var folder = await CreateAsync(package, template, name);
        await folder.DotnetAsync("add", "package", "Transport.Epoll");
        folder.InsertAfterBuilder(Line);
        return folder;
    }

    public Task<string> DotnetAsync(params string[] arguments) => Command.RunAsync(Path, Command.Dotnet, arguments);

    /// <summary>A file of the app; an absolute path stays as it is.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Puts a line of C# below the one that makes the builder.</summary>
    public void InsertAfterBuilder(string line)
    {
        var lines = System.IO.File.ReadAllLines(File("Program.cs")).ToList();
        lines.Insert(lines.FindIndex(each => each.Contains("Builder(args);", StringComparison.Ordinal)) + 1, line);
        System.IO.File.WriteAllLines(File("Program.cs"), lines);
    }

    public void Replace(string name, string old, string with)
    {
        var text = System.IO.File.ReadAllText(File(name));
        Assert.Contains(old, text, StringComparison.Ordinal);
        System.IO.File.WriteAllText(File(name), text.Replace(old, with, StringComparison.Ordinal));
    }

    public void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);

    /// <summary>Publishes to a folder and returns it. The trimmer and the native compiler may warn of nothing.</summary>
    public async Task<string> PublishAsync(string output, params string[] arguments)
    {
        var log = await DotnetAsync(["publish", "--configuration", "Release", "--output", File(output), .. arguments]);
        Assert.DoesNotContain(log.Split('\n'), line => line.Contains("warning IL", StringComparison.Ordinal));
        return File(output);
    }

    /// <summary>The assembly that the project's name gives.</summary>
    public string Program => System.IO.Path.GetFileName(Path);
}

using Transport.Epoll.Package.Tests.Support;

namespace Transport.Epoll.Package.Tests;

/// <summary>A newcomer's first minute, by the first code blocks of the package's page, or of the repository's, alone.</summary>
[Collection(PackageTests.Name)]
public sealed class FirstMinuteTests(PackageFixture package)
{
    [Theory]
    [InlineData("src/Transport.Epoll/PACKAGE.md", "first-minute")]
    [InlineData("README.md", "first-minute-of-readme")]
    public async Task FirstSection_InANewApp_ServesARequestOnEpoll(string page, string name)
    {
        var text = await File.ReadAllTextAsync(Repository.File(page));
        var command = Assert.Single(CodeBlock(text, "dotnet add package"));
        var lines = CodeBlock(text, "UseEpollTransport();");
        var app = await AppFolder.CreateAsync(package, "web", name);

        await app.DotnetAsync(command.Split(' ')[1..]);
        Assert.Contains(lines[0], await File.ReadAllLinesAsync(app.File("Program.cs"))); // the template's own: the page shows where the one line goes
        app.InsertAfterBuilder(Assert.Single(lines.Skip(1)));
        await using var running = await RunningApp.StartAsync(app.Path, Command.Dotnet, "run", "--", "--urls", "http://127.0.0.1:0");

        Assert.Equal("Hello World!", await running.GetAsync());
        var line = await running.WaitForAsync(RunningApp.ServingLine);
        Assert.Contains(RunningApp.ServingLine, text, StringComparison.Ordinal);
        Assert.EndsWith("(soft RLIMIT_NOFILE).", line, StringComparison.Ordinal);
        Assert.Contains("info: Transport.Epoll[20]", running.Log, StringComparison.Ordinal);
    }

    /// <summary>The lines of the first block of code that has these words.</summary>
    private static string[] CodeBlock(string text, string words)
    {
        var block = text.Split("\n```").Where((_, i) => i % 2 == 1).FirstOrDefault(block => block.Contains(words, StringComparison.Ordinal));
        Assert.True(block is not null, $"The page has no block of code with '{words}'.");
        return block.Split('\n')[1..]; // without the name of the language
    }
}

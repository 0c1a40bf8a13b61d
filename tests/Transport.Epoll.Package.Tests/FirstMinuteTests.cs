using Transport.Epoll.Package.Tests.Support;

namespace Transport.Epoll.Package.Tests;

/// <summary>A newcomer's first minute, by the first code blocks of the package's page alone.</summary>
[Collection(PackageTests.Name)]
public sealed class FirstMinuteTests(PackageFixture package)
{
    [Theory]
    [InlineData("src/Transport.Epoll/PACKAGE.md")]
    public async Task FirstSection_InANewApp_ServesARequestOnEpoll(string page)
    {
        var text = await File.ReadAllTextAsync(Repository.File(page));
        var command = CodeBlock(text, "sh").Single();
        var lines = CodeBlock(text, "csharp");
        var app = await AppFolder.CreateAsync(package, "web", "first-minute");

        Assert.StartsWith("dotnet ", command, StringComparison.Ordinal);
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

    /// <summary>The lines of the first block of code in this language.</summary>
    private static string[] CodeBlock(string text, string language)
    {
        var start = text.IndexOf($"```{language}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"The page has no block of {language}.");
        start += language.Length + 4;
        return text[start..text.IndexOf("\n```", start, StringComparison.Ordinal)].Split('\n');
    }
}

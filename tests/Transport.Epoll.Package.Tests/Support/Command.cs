using System.Diagnostics;

namespace Transport.Epoll.Package.Tests.Support;

/// <summary>Runs a command to its end.</summary>
internal static class Command
{
    public static string Dotnet { get; } = Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    /// <summary>Its output and error output; fails the test, with both, unless it exits with 0.</summary>
    public static async Task<string> RunAsync(string folder, string name, params string[] arguments)
    {
        var (exitCode, output) = await TryRunAsync(folder, name, arguments);
        Assert.True(exitCode == 0, $"{name} {string.Join(' ', arguments)} exited with {exitCode}:\n{output}");
        return output;
    }

    public static async Task<(int ExitCode, string Output)> TryRunAsync(string folder, string name, params string[] arguments)
    {
        using var process = Start(folder, name, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(s_limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{name} {string.Join(' ', arguments)} did not end within {s_limit.TotalMinutes} minutes.");
        }

        return (process.ExitCode, await output.WaitAsync(s_limit) + await error.WaitAsync(s_limit));
    }

    /// <summary>Fails the test, with the command that helps, if a tool is missing. Nothing is skipped unnoticed.</summary>
    public static void Require(string name, string package)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        Assert.True(path.Any(folder => File.Exists(Path.Combine(folder, name))), $"install Debian package {package}: apt-get install {package}");
    }

    public static Process Start(string folder, string name, params string[] arguments)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What `dotnet test` leaves to its children would make another build of theirs; build servers would outlive the test.
        foreach (var variable in start.Environment.Keys.Where(key => key.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["UseRazorBuildServer"] = "false";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        return Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start.");
    }
}

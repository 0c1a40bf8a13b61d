using System.Diagnostics;

namespace Docs.Tests;

/// <summary>
/// Runs every command that the texts print, in a network of its own, so that nobody else has the ports that they name; <see cref="ShellBlock"/> says which are not run.
/// </summary>
[Trait("Size", "Long")]
public class CommandTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    /// <summary>For the build before it and a busy machine.</summary>
    private static readonly TimeSpan s_limit = 3 * s_minute;

    /// <summary>The package's page is tried with the package itself, by its own tests.</summary>
    public static TheoryData<string> Texts => [.. MarkdownFile.All.Where(file => file.Path != "src/Transport.Epoll/PACKAGE.md" && file.ShellBlocks().Any(block => block.Commands.Any())).Select(file => file.Path)];

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Commands_OfAText_Work(string path)
    {
        foreach (var block in MarkdownFile.Get(path).ShellBlocks())
        {
            foreach (var command in block.Commands)
            {
                await RunAsync(block, command);
            }
        }
    }

    private static async Task RunAsync(ShellBlock block, string command)
    {
        // The shell is the first process of its namespace: what it leaves behind ends with it.
        const string Sample = "dotnet run -c Release --project src/Sample.Web";
        const string UntilStarted = "timeout 120 sh -c 'until grep -q \"Application started\" \"$0\"; do sleep 0.1; done' \"$log\" || { cat \"$log\"; exit 1; }";
        var script = "ip link set lo up; log=$(mktemp); trap 'rm -f \"$log\"' EXIT; "
            + (block.Serves ? $"( {command}\n ) > \"$log\" 2>&1 & {UntilStarted}"
                : block.BesideTheSample ? $"{Sample} > \"$log\" 2>&1 & {UntilStarted}\n{command}"
                : command);
        using var process = Process.Start(new ProcessStartInfo("unshare",
            ["--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script])
        {
            WorkingDirectory = MarkdownFile.Repository,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0", ["UseSharedCompilation"] = "false", ["DOTNET_NOLOGO"] = "1" },
        })!;
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
            Assert.Fail($"{block}: `{command}` takes longer than {s_limit}: mark it with its time.");
        }

        Assert.True(process.ExitCode == 0, $"{block}: `{command}` ended with {process.ExitCode}\n{await output.WaitAsync(s_minute)}\n{await error.WaitAsync(s_minute)}");
    }
}

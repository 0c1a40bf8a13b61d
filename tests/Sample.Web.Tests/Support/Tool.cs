using System.ComponentModel;
using System.Diagnostics;

namespace Sample.Web.Tests.Support;

/// <summary>What a tool left behind.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error);

/// <summary>Runs the command-line clients that the tests rely on.</summary>
internal static class Tool
{
    /// <summary>Fails the test, with the command that helps, if a tool is missing. Nothing is skipped unnoticed.</summary>
    public static void Require(string name, string package)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin");
        Assert.True(path.Any(folder => File.Exists(Path.Combine(folder, name))), $"install Debian package {package}: apt-get install {package}");
    }

    /// <summary>Runs a tool to its end; kills it, and fails, when the time is over.</summary>
    public static async Task<ToolResult> RunAsync(string name, IEnumerable<string> arguments, string? input = null, TimeSpan? timeout = null)
    {
        using var process = Start(name, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            if (input != null)
            {
                await process.StandardInput.WriteAsync(input).WithTimeout(Deadline.Short);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync().WithTimeout(timeout ?? Deadline.Long);
            return new ToolResult(process.ExitCode, await output.WithTimeout(Deadline.Short), await error.WithTimeout(Deadline.Short));
        }
        catch (TimeoutException exception)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{name} {string.Join(' ', arguments)} did not end in time. {exception.Message}");
            throw;
        }
    }

    public static Process Start(string name, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start.");
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException($"{name} cannot be started: {exception.Message}", exception);
        }
    }
}

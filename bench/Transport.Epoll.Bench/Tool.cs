using System.Diagnostics;

namespace Transport.Epoll.Bench;

/// <summary>Runs a command to its end and returns what it wrote. Ends it when cancelled. Any thread.</summary>
internal static class Tool
{
    private static readonly Dictionary<string, string> s_debianPackages = new() { ["wrk"] = "wrk", ["h2load"] = "nghttp2-client" };

    /// <summary>Fails with one line that says what to install.</summary>
    public static void Require(IEnumerable<string> tools)
    {
        var directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var missing = tools.Distinct().Where(tool => !directories.Any(d => File.Exists(Path.Combine(d, tool)))).ToList();
        if (missing.Count > 0)
        {
            throw new BenchException($"Missing {string.Join(", ", missing)}: sudo apt-get install {string.Join(' ', missing.Select(m => s_debianPackages[m]))}");
        }
    }

    public static async Task<string> RunAsync(string file, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using var process = Process.Start(start) ?? throw new BenchException($"{file} did not start.");
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode != 0)
            {
                throw new BenchException($"{file} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:{Environment.NewLine}{await output}{await errors}");
            }

            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}

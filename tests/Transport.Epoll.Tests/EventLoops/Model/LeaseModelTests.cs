using System.ComponentModel;
using System.Diagnostics;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops.Model;

/// <summary>Checks lease.pml exhaustively with spin, as it is and with each seeded fault.</summary>
[Collection(RunsAlone.Name)]
public sealed class LeaseModelTests : IDisposable
{
    private const int MaxDepth = 200_000;
    private const int MaxMegabytes = 3000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lease-model-");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Model_AsItIs_HasNoError(int loops)
    {
        string report = await CheckAsync($"-DLOOPS={loops}");

        Assert.Contains("errors: 0", report, StringComparison.Ordinal);
        Assert.DoesNotContain("max search depth too small", report, StringComparison.Ordinal);
        Assert.DoesNotContain("reached -DMEMLIM bound", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LEAVE_PLAIN")]
    [InlineData("TAKE_PLAIN")]
    [InlineData("NO_RECHECK")]
    [InlineData("NO_REREAD")]
    [InlineData("NO_RULE")]
    [InlineData("CURRENT_LATE")]
    [InlineData("CLOSED_UNSEEN")]
    [InlineData("WATCHDOG_LEFT_ASLEEP")]
    public async Task Model_SeededFault_IsFound(string fault)
    {
        string report = await CheckAsync("-DLOOPS=1", $"-D{fault}");

        Assert.Contains("errors: 1", report, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> CheckAsync(params string[] switches)
    {
        string model = Path.Combine(AppContext.BaseDirectory, "EventLoops", "Model", "lease.pml");
        await RunAsync("spin", ["-a", .. switches, model]);
        await RunAsync("gcc", ["-O2", $"-DMEMLIM={MaxMegabytes}", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"]);
        return await RunAsync(Path.Combine(_folder.FullName, "pan"), [$"-m{MaxDepth}"]);
    }

    private async Task<string> RunAsync(string tool, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(tool, arguments) { WorkingDirectory = _folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Start(start);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WithTimeout(Limit);
            string all = await output + await error;
            Assert.True(process.ExitCode == 0, $"{tool} ended with {process.ExitCode}: {all}");
            return all;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException($"{start.FileName} can't be started; install it with: apt-get install -y spin gcc libc6-dev", exception);
        }
    }
}

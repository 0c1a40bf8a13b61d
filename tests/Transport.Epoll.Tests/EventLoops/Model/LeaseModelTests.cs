using System.ComponentModel;
using System.Diagnostics;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops.Model;

/// <summary>Checks lease.pml, wakeups.pml, passing.pml, tickets.pml and carriers.pml exhaustively with spin: as they are, and with each seeded fault.</summary>
[Collection(RunsAlone.Name)]
public sealed class LeaseModelTests : IDisposable
{
    private const int MaxDepth = 100_000;
    private const int MaxMegabytes = 2000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lease-model-");

    [Theory]
    [InlineData("lease.pml", "LOOPS=1")]
    [InlineData("lease.pml", "LOOPS=1 MAX_STANDBYS=2 NO_WAITS STARTED")]
    [InlineData("lease.pml", "LOOPS=2")]
    [InlineData("lease.pml", "LOOPS=2 NO_WAITS STARTED")]
    [InlineData("wakeups.pml", "")]
    [InlineData("wakeups.pml", "WATCHDOG")]
    [InlineData("passing.pml", "")]
    [InlineData("tickets.pml", "")]
    [InlineData("carriers.pml", "")]
    [InlineData("carriers.pml", "ALONE")]
    [InlineData("carriers.pml", "ALONE CHANGES=2 TAKE_OVERS=0")]
    public async Task Model_AsItIs_HasNoError(string model, string switches)
    {
        string report = await CheckAsync(model, switches, optimization: "-O2");

        Assert.Contains("errors: 0", report, StringComparison.Ordinal);
        Assert.DoesNotContain("Search not completed", report, StringComparison.Ordinal);
        Assert.DoesNotContain("max search depth too small", report, StringComparison.Ordinal);
        Assert.DoesNotContain("reached -DMEMLIM bound", report, StringComparison.Ordinal);
    }

    /// <summary>What the proofs would miss if the models could not fail.</summary>
    [Theory]
    [InlineData("lease.pml", "LEAVE_PLAIN", "assertion violated")]
    [InlineData("lease.pml", "TAKE_PLAIN", "assertion violated")]
    [InlineData("lease.pml", "CURRENT_LATE", "assertion violated")]
    [InlineData("lease.pml", "NO_RECHECK", "invalid end state")]
    [InlineData("lease.pml", "NO_REREAD", "invalid end state")]
    [InlineData("lease.pml", "WATCHDOG_LEFT_ASLEEP", "invalid end state")]
    [InlineData("lease.pml", "WATCHDOG_ENDS_FIRST", "invalid end state")]
    [InlineData("lease.pml", "CLOSED_UNSEEN", "invalid end state")]
    [InlineData("lease.pml", "POOL_HELD", "invalid end state")]
    [InlineData("lease.pml", "NO_RULE", "invalid end state")]
    [InlineData("lease.pml", "LOOPS=2 MAX_STANDBYS=1 RULE_ONE", "invalid end state")]
    [InlineData("lease.pml", "COUNT_STARTABLE", "invalid end state")]
    [InlineData("lease.pml", "RESERVE_LEAVES", "invalid end state")]
    [InlineData("lease.pml", "MAX_STANDBYS=2 RESERVED_LEAVES", "invalid end state")]
    [InlineData("lease.pml", "NO_RULE NO_WAITS UNRESERVED", "invalid end state")]
    [InlineData("wakeups.pml", "NO_LOOP_FENCE", "invalid end state")]
    [InlineData("wakeups.pml", "NO_WRITER_FENCE", "invalid end state")]
    [InlineData("wakeups.pml", "NO_CLOSE_FENCE", "assertion violated")]
    [InlineData("wakeups.pml", "WATCHDOG NO_AWAKE_FENCE", "invalid end state")]
    [InlineData("wakeups.pml", "WATCHDOG NO_WATCHDOG_FENCE", "invalid end state")]
    [InlineData("passing.pml", "ASKED_FOR_TOO_LONG", "invalid end state")]
    [InlineData("tickets.pml", "COUNTED_LATE", "invalid end state")]
    [InlineData("tickets.pml", "TAKEN_EARLY", "invalid end state")]
    [InlineData("tickets.pml", "NOT_SPARED", "assertion violated")]
    [InlineData("tickets.pml", "SPARED_TWICE", "assertion violated")]
    [InlineData("tickets.pml", "NO_SECOND_LOOK", "assertion violated")]
    [InlineData("carriers.pml", "NOT_ONCE", "assertion violated")]
    [InlineData("carriers.pml", "ARMED_BLIND", "invalid end state")]
    [InlineData("carriers.pml", "NO_RECHECK", "invalid end state")]
    [InlineData("carriers.pml", "WORK_LEFT", "invalid end state")]
    [InlineData("carriers.pml", "LOST_ARMS", "invalid end state")]
    [InlineData("carriers.pml", "RETIRES_UNLOCKED", "assertion violated")]
    [InlineData("carriers.pml", "STOP_ONE", "invalid end state")]
    [InlineData("carriers.pml", "CLOSED_BY_FIRST", "assertion violated")]
    [InlineData("carriers.pml", "ENDED_DRIVEN", "assertion violated")]
    [InlineData("carriers.pml", "ALONE_UNCHECKED", "assertion violated")]
    [InlineData("carriers.pml", "NOT_ARMED_ANEW", "invalid end state")]
    [InlineData("carriers.pml", "ALONE ADDED_EARLY", "assertion violated")]
    [InlineData("carriers.pml", "ALONE DRIVEN_ARMED", "assertion violated")]
    [InlineData("carriers.pml", "ALONE ENTERS_UNASKED", "assertion violated")]
    [InlineData("carriers.pml", "CHANGES=2 TAKE_OVERS=0 WANTED_READ_TWICE", "assertion violated")]
    public async Task Model_SeededFault_IsFound(string model, string switches, string error)
    {
        string report = await CheckAsync(model, switches, optimization: "-O0"); // most faults are found sooner than a compiler optimizes

        Assert.Contains(error, report, StringComparison.Ordinal);
        Assert.Contains("errors: 1", report, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> CheckAsync(string model, string switches, string optimization)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "EventLoops", "Model", model);
        IEnumerable<string> defines = switches.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(each => $"-D{each}");
        await RunAsync("spin", [.. defines, "-a", path]);
        await RunAsync("gcc", [optimization, "-DSAFETY", $"-DMEMLIM={MaxMegabytes}", "-o", "pan", "pan.c"]);
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
            string all = await output.WithTimeout() + await error.WithTimeout();
            Assert.True(process.ExitCode == 0, $"{tool} ended with {process.ExitCode}. If a C header is missing: apt-get install libc6-dev\n{all}");
            return all;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
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
            throw new InvalidOperationException($"{start.FileName} can't be started: {exception.Message}. Debian packages: apt-get install spin gcc libc6-dev", exception);
        }
    }
}

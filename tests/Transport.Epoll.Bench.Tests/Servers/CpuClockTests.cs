using System.Diagnostics;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Tests.Servers;

/// <summary>That CPU time is read exactly, of this process and of another one.</summary>
public sealed class CpuClockTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Usage_BetweenTwoReadings_GrowsByLessThanATick()
    {
        var last = ProcFiles.UsageOf([Environment.ProcessId]).CpuSeconds;
        var steps = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            var next = ProcFiles.UsageOf([Environment.ProcessId]).CpuSeconds;
            steps.Add(next - last);
            last = next;
        }

        // Ticks of 10 ms would make it nothing, or all of a tick.
        Assert.All(steps, step => Assert.True(step > 0, $"{step} s"));
        Assert.Contains(steps, step => step < 0.008);
    }

    [Fact]
    public void SecondsOf_ThreadThatHasEnded_AreCountedOn()
    {
        const double Seconds = 0.05;
        var before = CpuClock.SecondsOf(Environment.ProcessId);
        var thread = new Thread(() =>
        {
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < s_limit && CpuClock.SecondsOf(Environment.ProcessId) < before + Seconds;)
            {
                Thread.SpinWait(1000);
            }
        });
        thread.Start();
        Assert.True(thread.Join(s_limit));

        Assert.True(CpuClock.SecondsOf(Environment.ProcessId) >= before + Seconds);
    }

    [Fact]
    public async Task Usage_OtherProcess_IsWhatTheKernelSaysInTheEnd()
    {
        using var limit = new CancellationTokenSource(s_limit);
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done; read line"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            // From then on it only waits for a line: what it used hardly changes any more.
            Assert.Equal("done", await process.StandardOutput.ReadLineAsync(limit.Token));

            var usage = ProcFiles.UsageOf([process.Id]);

            Assert.InRange(usage.CpuSeconds, process.TotalProcessorTime.TotalSeconds - 0.02, process.TotalProcessorTime.TotalSeconds + 0.02);
            Assert.InRange(usage.UserSeconds, process.UserProcessorTime.TotalSeconds - 0.02, process.UserProcessorTime.TotalSeconds + 0.02);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public void SecondsOf_NoSuchProcess_SaysWhich()
    {
        const int Nobody = (4 * 1024 * 1024) + 1; // above what pid_max can be, proc(5)

        var refused = Assert.Throws<BenchException>(() => CpuClock.SecondsOf(Nobody));

        Assert.Contains($"process {Nobody} ", refused.Message, StringComparison.Ordinal);
    }
}

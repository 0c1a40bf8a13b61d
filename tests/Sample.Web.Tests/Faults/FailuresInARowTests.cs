using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Sample.Web.Tests.Kernel;
using Sample.Web.Tests.Support;
using Xunit.Abstractions;

namespace Sample.Web.Tests.Faults;

/// <summary>
/// The real process, whose system calls strace lets fail one after the other for as long as clients wait: whoever tries again rests in between, and does
/// not spin. The number of failures tells, since a loop that spins makes thousands of calls a second under strace too; the time of the processor, which
/// the tracing costs as well, tells of a loop that spins between its calls.
/// </summary>
public sealed partial class FailuresInARowTests(ITestOutputHelper output)
{
    private const int Clients = 8;

    /// <summary>Of one thread. A loop rests for 10 ms after a failed wait; an acceptor makes up to 16 tries and rests for 100 ms.</summary>
    private const double MaxFailuresPerSecond = 300;

    /// <summary>In seconds: few tries that follow each other at once are no spin.</summary>
    private const double ShortestSpan = 0.2;

    private const double MaxCpu = 0.3;

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    /// <summary>The waits of a loop fail half a second long: after a second of it the loop ends, loudly (docs/reliability.md).</summary>
    [Theory]
    [InlineData("Auto", "accept4", "EMFILE", "1+1")]
    [InlineData("Auto", "accept4", "ENOBUFS", "1+1")]
    [InlineData("Auto", "accept4", "EPERM", "1+1")]
    [InlineData("Auto", "epoll_wait,epoll_pwait", "ENOMEM", "1..50")]
    [InlineData("Inline", "epoll_wait,epoll_pwait", "ENOBUFS", "1..50")]
    [InlineData("ThreadPool", "accept4", "ENOMEM", "1+1")]
    public async Task Calls_FailInARow_AreRetriedAfterARest(string scheduling, string calls, string error, string when)
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--transport", FaultSettings.Transport, "--scheduling", scheduling, "--loops", "2");
        await Task.WhenAll(Ask(sample)).WithTimeout(Deadline.Short); // compiles what the failures shall meet

        Task<string>[] answers;
        string trace;
        double used;
        using (var strace = await Strace.AttachAsync(sample.Id, folder.File("trace"), "-ttt", "-e", $"trace={calls}", "-e", $"inject={calls}:error={error}:when={when}"))
        {
            var clock = Stopwatch.StartNew();
            var before = ThreadStates.CpuSeconds(sample.Id);
            answers = Ask(sample);
            await Task.Delay(s_window); // what is measured, not a wait for something to happen
            used = (ThreadStates.CpuSeconds(sample.Id) - before) / clock.Elapsed.TotalSeconds;
            trace = await strace.DetachAsync();
        }

        Assert.False(sample.HasExited, sample.Log);
        var rates = FailuresPerSecond(trace);
        output.WriteLine($"failures a second of each thread: {string.Join(", ", rates.Select(rate => $"{rate:F0}"))}; {used:F2} s CPU a second");
        Assert.NotEmpty(rates);
        Assert.All(rates, rate => Assert.InRange(rate, 0, MaxFailuresPerSecond));
        Assert.True(used < MaxCpu, $"{used:F2} s CPU a second:\n{ThreadStates.Dump(sample.Id)}");
        Assert.All(await Task.WhenAll(answers).WithTimeout(Deadline.Short), answer => Assert.Equal("Hello, World!", answer));
    }

    /// <summary>Each on a connection of its own.</summary>
    private static Task<string>[] Ask(SampleProcess sample)
    {
        return [.. Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var client = sample.CreateClient();
            return await client.GetStringAsync(new Uri("/plaintext", UriKind.Relative));
        })];
    }

    private static double[] FailuresPerSecond(string trace)
    {
        return [.. Injected().Matches(trace)
            .GroupBy(match => match.Groups[1].Value, match => double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))
            .Select(times => times.Count() / Math.Max(ShortestSpan, times.Max() - times.Min()))];
    }

    // "123   1700000000.123456 accept4(45, ..., 0) = -1 EMFILE (Too many open files) (INJECTED)", also of a call that was resumed
    [GeneratedRegex(@"^(\d+) +(\d+\.\d+) .*\(INJECTED\)$", RegexOptions.Multiline)]
    private static partial Regex Injected();
}

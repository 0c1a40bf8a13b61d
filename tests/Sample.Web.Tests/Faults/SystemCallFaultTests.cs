using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Sample.Web.Tests.Kernel;
using Sample.Web.Tests.Support;
using Xunit.Abstractions;

namespace Sample.Web.Tests.Faults;

/// <summary>
/// The real process, whose system calls strace lets fail now and then, on TCP and on a unix socket at once. Only errors that the kernel may return at any
/// time are injected: a would-block that is none would hang every edge-triggered loop, because no edge follows.
/// </summary>
public sealed partial class SystemCallFaultTests(ITestOutputHelper output)
{
    private const double MaxIdleCpu = 0.2;

    /// <summary>Of those that are traced, for each answer or lost connection: some seven are made. A loop that spins makes thousands a second.</summary>
    private const double MaxCallsForEach = 25;

    /// <summary>The calls, and which of each thread's fail: the first of them, and each so many later ones.</summary>
    private static readonly (string Calls, string When)[] s_calls =
    [
        ("recvfrom,recvmsg", "3+11"),
        ("sendto", "2+7"),
        ("sendmsg", "1+5"),
        ("accept4", "1+3"),
        ("epoll_ctl", "2+5"),
        ("epoll_wait,epoll_pwait", "4+13"),
    ];

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("Auto")]
    [InlineData("Inline")]
    [InlineData("ThreadPool")]
    public async Task Traffic_SystemCallsFail_EveryAnswerIsCorrectOrItsConnectionCloses(string scheduling)
    {
        using var folder = new ScratchFolder();
        var path = folder.File("web.sock");
        await using var sample = await SampleProcess.StartAsync(
            "--urls", $"{SampleProcess.AnyPort};http://unix:{path}", "--transport", FaultSettings.Transport, "--scheduling", scheduling);
        EndPoint[] endPoints = [new IPEndPoint(IPAddress.Loopback, sample.Port), new UnixDomainSocketEndPoint(path)];
        await CheckedTraffic.RunAsync(sample, endPoints, exchanges: 2, seed: 0); // compiles what the faults shall meet

        for (var round = 1; round <= FaultSettings.Rounds; round++)
        {
            foreach (var error in FaultSettings.Errors)
            {
                await InjectAsync(sample, endPoints, folder.File("trace"), error, s_calls, round);
                for (var i = 0; FaultSettings.EachCall && i < s_calls.Length; i++)
                {
                    await InjectAsync(sample, endPoints, folder.File("trace"), error, s_calls[i..(i + 1)], round);
                }
            }
        }

        var after = await CheckedTraffic.RunAsync(sample, endPoints, exchanges: 10, seed: 0);
        Assert.Equal(0, after.Closed);
        await AssertSleepsAsync(sample);
        Assert.DoesNotContain("crit:", sample.Log, StringComparison.Ordinal);
        Assert.Equal(0, await sample.StopAsync());
    }

    private async Task InjectAsync(SampleProcess sample, EndPoint[] endPoints, string file, string error, (string Calls, string When)[] calls, int round)
    {
        string[] injections = [.. calls.SelectMany(call => new[] { "-e", $"inject={call.Calls}:error={error}:when={call.When}" })];
        TrafficResult result;
        string trace;
        using (var strace = await Strace.AttachAsync(sample.Id, file, ["-e", $"trace={string.Join(',', calls.Select(call => call.Calls))}", .. injections]))
        {
            result = await CheckedTraffic.RunAsync(sample, endPoints, FaultSettings.Exchanges, seed: round);
            trace = await strace.DetachAsync();
        }

        Assert.False(sample.HasExited, sample.Log);
        var injected = Injected().Matches(trace).CountBy(match => match.Groups[1].Value).ToDictionary();
        var traced = (double)trace.AsSpan().Count('\n') / (result.Correct + result.Closed);
        output.WriteLine($"{error}: {traced:F0} calls for each, {result.Correct} correct, {result.Closed} closed; {string.Join(", ", injected.Select(call => $"{call.Value} {call.Key}"))} failed");
        Assert.All(calls, call => Assert.Contains(call.Calls.Split(','), injected.ContainsKey));
        Assert.NotEqual(0, result.Correct);
        Assert.InRange(traced, 0, MaxCallsForEach); // no spin while calls fail
        if (error == "EINTR")
        {
            Assert.Equal(0, result.Closed); // an interrupted call is made again: nobody notices
        }

        // What has failed under the fault leaves nothing behind: the next ones are served.
        Assert.Equal(0, (await CheckedTraffic.RunAsync(sample, endPoints, exchanges: 1, seed: round)).Closed);
    }

    /// <summary>The window is what is measured, not a wait for something to happen.</summary>
    private async Task AssertSleepsAsync(SampleProcess sample)
    {
        var before = ThreadStates.CpuSeconds(sample.Id);
        var clock = Stopwatch.StartNew();
        await Task.Delay(s_window);
        var used = (ThreadStates.CpuSeconds(sample.Id) - before) / clock.Elapsed.TotalSeconds;
        output.WriteLine($"{used:F2} of a processor in {clock.Elapsed.TotalSeconds:F1} s afterwards");
        Assert.True(used < MaxIdleCpu, $"{used:F2} of a processor in {clock.Elapsed.TotalSeconds:F1} idle seconds:\n{ThreadStates.Dump(sample.Id)}");
    }

    // "123 recvfrom(45, ..., 0) = -1 ENOMEM (Cannot allocate memory) (INJECTED)", also of a call that was resumed
    [GeneratedRegex(@"^\d+ +(?:<\.\.\. )?(\w+)[( ].*\(INJECTED\)$", RegexOptions.Multiline)]
    private static partial Regex Injected();
}

using System.Diagnostics;
using Sample.Web.Tests.Support;
using Xunit.Abstractions;

namespace Sample.Web.Tests.Kernel;

/// <summary>
/// A process that gets too little of the machine, or nothing for a while, under handlers that do nothing wrong: every request is answered
/// once, no loop is taken over or backs off, and nothing is warned of.
/// </summary>
public class StarvationTests(ITestOutputHelper output)
{
    private const int Connections = 8;
    private const int WarmUpAnswers = 1_000;
    private const int BusyProcesses = 6;
    private const int Stops = 25;
    private const int Tries = 10;

    /// <summary>The client of the test, and the kernel's work for it, have some of it always.</summary>
    private const double MaxShareOfOthers = 0.25;

    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(4);

    /// <summary>Before whatever else wants the processor; its threads take turns (sched(7), SCHED_RR). The highest nice value is not enough beside dozens of busy processes.</summary>
    private static readonly string[] s_firstPlace = ["chrt", "--rr", "1"];

    /// <summary>A thread that is due waits some 24 ms for its processor, in the middle of callbacks too.</summary>
    [Fact]
    public async Task Processor_SharedWithBusyProcesses_IsNoStall()
    {
        await using var sample = await StartOnOneProcessorAsync();
        using var client = sample.CreateClient();
        var before = await ReadFiguresAsync(client);
        await using var traffic = new QuickTraffic(sample, Connections);
        await Deadline.UntilAsync(() => traffic.Answers > WarmUpAnswers, "The warm-up");
        var answers = traffic.Answers;

        using (new BusyLoops(BusyProcesses))
        {
            await Task.Delay(s_duration);
        }

        answers = traffic.Answers - answers;
        await traffic.StopAsync();
        Assert.True(answers > Connections, "There was hardly any traffic.");
        var after = await ReadFiguresAsync(client);
        output.WriteLine($"{answers} answers, {before}, {after}");
        ExpectNoStall(before, after, sample);

        // A callback that waits for a lock whose holder has no processor is slow as far as anyone can tell: its connection may move, and comes back. Once: that is no flapping.
        Assert.InRange(after.MovesToPool - before.MovesToPool, 0, Connections);
    }

    /// <summary>
    /// A callback that computes gets a fraction of its processor, so it is excused, and computes for long: for half a second, then its loop is taken over. On one processor the loop has a
    /// thread of its own; with all of them one thread serves both loops, and holds up all connections.
    /// </summary>
    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 6)]
    public async Task Processors_SharedWithBusyProcessesAndALongCallback_OthersWaitTwoSecondsAtMost(int loops, int busy)
    {
        await using var sample = loops == 1 ? await StartOnOneProcessorAsync() : await SampleProcess.StartAsync("--loops", $"{loops}");
        using var computing = sample.CreateClient();
        using var neighbour = sample.CreateClient();
        await SchedulingFigures.ReadAsync(neighbour);
        await AskAsync(computing, "/spin/0");
        await LoopConnections.SettleAsync(sample, computing, neighbour);
        var before = await ReadFiguresAsync(neighbour);
        var longest = TimeSpan.Zero;
        using (new BusyLoops(busy, onAll: loops > 1))
        {
            var computes = AskAsync(computing, "/spin/5000");
            do
            {
                using var newcomer = sample.CreateClient();
                foreach (var client in (HttpClient[])[neighbour, newcomer])
                {
                    longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, (await AskAsync(client, "/plaintext")).Ticks));
                }
            }
            while (!computes.IsCompleted);

            await computes;
        }

        var after = await ReadFiguresAsync(neighbour);
        output.WriteLine($"longest wait {longest.TotalMilliseconds:F0} ms, {before}, {after}");
        Assert.InRange(after.TakeOvers - before.TakeOvers, 1, long.MaxValue);
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    /// <summary>As under a debugger, or when the machine itself is paused: all threads stop at once, the loop's in the middle of a callback.</summary>
    [Fact]
    public async Task Process_StoppedInCallbacks_IsNoStall()
    {
        // In a callback nearly all the while, which is neither slow nor long enough for three ticks.
        await using var sample = await SampleProcess.StartAsync("--loops", "1", "--Kestrel:Transport:Epoll:Auto:SlowCallback", "00:00:00.050");
        using var client = sample.CreateClient();
        var before = await ReadFiguresAsync(client);
        await using var traffic = new QuickTraffic(sample, 1, "/spin/5");
        await Deadline.UntilAsync(() => traffic.Answers > 50, "The warm-up");
        var answers = traffic.Answers;

        var random = new Random(1);
        for (var i = 0; i < Stops; i++)
        {
            await Task.Delay(random.Next(20, 60));
            Signals.Stop(sample.Id);
            await Task.Delay(random.Next(100, 300));
            Signals.Continue(sample.Id);
        }

        answers = traffic.Answers - answers;
        await traffic.StopAsync();
        Assert.True(answers > Stops, "There was hardly any traffic.");
        var after = await ReadFiguresAsync(client);
        output.WriteLine($"{answers} answers, {before}, {after}");
        ExpectNoStall(before, after, sample);
    }

    /// <summary>
    /// On one processor, and with nothing compiled beforehand if so said: a first request then takes the compiler up to a second. The processor must be
    /// the sample's: if others have it too, a callback waits for locks whose holders wait for the processor, and is slow as far as anyone can tell. With a
    /// real-time priority it has it whenever it wants it, and what others do while it sleeps is no matter; without, a try counts only if others hardly ran.
    /// </summary>
    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    public async Task FirstRequests_StillToBeCompiled_AreNoStall(string readyToRun)
    {
        var (others, isFirst) = (1.0, await HasFirstPlaceAsync());
        for (var i = 0; i < Tries; i++)
        {
            await using var sample = await StartOnOneProcessorAsync(before: isFirst ? s_firstPlace : [], $"DOTNET_ReadyToRun={readyToRun}");
            var before = (Busy: ProcFiles.BusySecondsOfFirstProcessor(), Own: ProcFiles.CpuSeconds(sample.Id));
            var clock = Stopwatch.StartNew();
            await AskForEverythingAsync(sample);
            var own = ProcFiles.CpuSeconds(sample.Id) - before.Own;
            others = (ProcFiles.BusySecondsOfFirstProcessor() - before.Busy - own) / clock.Elapsed.TotalSeconds;
            Assert.Equal(0, await sample.StopAsync());
            await sample.DisposeAsync(); // it has read the log to its end then
            output.WriteLine($"{clock.ElapsedMilliseconds} ms, {own:F2} s of them the sample's on processor 0, the share of others {others:F2}");
            if (isFirst || others < MaxShareOfOthers)
            {
                Assert.True(!sample.Log.Contains("Transport.Epoll[", StringComparison.Ordinal), sample.Log);
                return;
            }
        }

        Assert.Fail($"Others use processor 0: at last {others:P0} of it. The test needs it for itself.");
    }

    private static async Task<TimeSpan> AskAsync(HttpClient client, string path)
    {
        var clock = Stopwatch.StartNew();
        await client.GetStringAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Long);
        return clock.Elapsed;
    }

    private static async Task AskForEverythingAsync(SampleProcess sample)
    {
        using var client = sample.CreateClient();
        foreach (var path in (string[])["/plaintext", "/json", "/loops", "/delay/1", "/spin/1", "/download/100000", "/nothing"])
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Long);
            await answer.Content.ReadAsByteArrayAsync().WithTimeout(Deadline.Long);
        }
    }

    /// <summary>Only root may say so, and not in every container.</summary>
    private static async Task<bool> HasFirstPlaceAsync()
    {
        Tool.Require("chrt", "util-linux");
        return (await Tool.RunAsync(s_firstPlace[0], [.. s_firstPlace[1..], "true"])).ExitCode == 0;
    }

    private static Task<SampleProcess> StartOnOneProcessorAsync() => StartOnOneProcessorAsync(before: []);

    private static async Task<SampleProcess> StartOnOneProcessorAsync(string[] before, params string[] environment)
    {
        Tool.Require("taskset", "util-linux");
        var sample = SampleProcess.Launch(
            "taskset", ["-c", "0", .. before, "env", .. environment, SampleProcess.Dotnet, SampleProcess.Assembly, "--urls", SampleProcess.AnyPort, "--loops", "1"]);
        await sample.WaitUntilStartedAsync();
        return sample;
    }

    /// <summary>Not the first of them: that loads so much that it may itself hold up its loop.</summary>
    private static async Task<SchedulingFigures> ReadFiguresAsync(HttpClient client)
    {
        await SchedulingFigures.ReadAsync(client);
        return await SchedulingFigures.ReadAsync(client);
    }

    private static void ExpectNoStall(SchedulingFigures before, SchedulingFigures after, SampleProcess sample)
    {
        Assert.True(before.TakeOvers == after.TakeOvers, $"{before} became {after}:\n{sample.Log}");
        Assert.InRange(sample.Log.Split("Transport.Epoll[").Length - 1, 0, before.TakeOvers);
    }
}

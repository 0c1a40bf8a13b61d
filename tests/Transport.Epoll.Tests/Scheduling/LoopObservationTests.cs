using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>What excuses a callback that tick after tick finds again: that its thread had no processor. The times are those of no real thread.</summary>
public class LoopObservationTests
{
    private const long Second = 1_000_000_000;
    private const string Runnable = "1 (epoll-loop-0) R 1";
    private const string Asleep = "1 (epoll-loop-0) S 1";

    private static readonly TimeSpan s_stuckAfter = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(10);

    /// <summary>The kernel counts a wait for a processor when it is over: until then the thread's times stand still.</summary>
    [Fact]
    public async Task Tick_ThreadStillWaitsForAProcessor_IsNoStall()
    {
        using AutoLoops loops = new();
        loops.Kernel.Stat = Runnable;
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);

        for (int i = 0; i < 20; i++)
        {
            loops.Watchdog.Tick();
        }

        Assert.Equal(0, loops.Counters.TakeOvers);
        loops.Kernel.Stat = Asleep; // it got one, and sleeps now
        loops.Watchdog.Tick();
        Assert.Equal(1, loops.Counters.TakeOvers);
        await blocked.EndAsync();
    }

    [Fact]
    public async Task Tick_ThreadComputes_IsAStall()
    {
        using AutoLoops loops = NewComputing();
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);

        loops.TickThrice();

        Assert.Equal(1, loops.Counters.TakeOvers);
        await blocked.EndAsync();
    }

    /// <summary>The runtime counts a method when it is compiled, and a large one takes more than a tick on a slow machine.</summary>
    [Fact]
    public async Task Tick_NothingWasCompiledSinceTheLast_IsNoStallWhileTheCompilerHadAQuarter()
    {
        using AutoLoops loops = NewComputing();
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);
        loops.Watchdog.Tick();
        loops.Watchdog.Tick();
        loops.CompilationTime += TimeSpan.FromSeconds(1);

        loops.Watchdog.Tick();
        loops.Watchdog.Tick();

        Assert.Equal(0, loops.Counters.TakeOvers);
        await Waiting.UntilAsync(() =>
        {
            loops.Watchdog.Tick();
            return loops.Counters.TakeOvers == 1;
        });
        await blocked.EndAsync();
    }

    /// <summary>However busy the machine is, those behind the callback wait for no longer: a fifth thread on a processor computed for 20 s, and its loop stood still.</summary>
    [Theory]
    [InlineData(Runnable, 0, 0)] // still waits for a processor, in each tick
    [InlineData(Asleep, Second, 0)] // has waited for one, in each tick
    [InlineData(Asleep, 0, 1)] // compiles all the time
    public async Task Tick_ExcusedTickAfterTick_IsAStallAfterHalfASecond(string stat, long waits, int compiles)
    {
        long runDelay = 0;
        long ran = 0;
        using AutoLoops loops = new();
        loops.Kernel.SchedStat = () => $"{ran += compiles * Second} {runDelay += waits} 0";
        loops.Kernel.Stat = stat;
        using BlockedCallback blocked = new();
        long start = Stopwatch.GetTimestamp();
        await blocked.StartAsync(loops.Loop);

        await Waiting.UntilAsync(() =>
        {
            loops.CompilationTime += TimeSpan.FromSeconds(compiles);
            loops.Watchdog.Tick();
            return loops.Counters.TakeOvers == 1;
        });

        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(500), "It was not excused.");
        await blocked.EndAsync();
    }

    [Fact]
    public async Task Look_OwnCodeHoldsTheTurnUp_IsStuckOnce()
    {
        using AutoLoops loops = new();
        using HeldTurn held = await HeldTurn.StartAsync(loops.Loop);
        LoopObservation observation = new(loops.Loop, loops.Auto, s_interval, s_stuckAfter);

        await Waiting.UntilAsync(() => observation.Look() == LoopSight.Stuck);
        Assert.DoesNotContain(LoopSight.Stuck, LookFor(observation, s_stuckAfter * 3));
    }

    /// <summary>Loops whose threads are never without a processor.</summary>
    private static AutoLoops NewComputing()
    {
        long ran = 0;
        AutoLoops loops = new();
        loops.Kernel.SchedStat = () => $"{ran += Second} 0 0";
        loops.Kernel.Stat = Runnable;
        return loops;
    }

    private static HashSet<LoopSight> LookFor(LoopObservation observation, TimeSpan time)
    {
        HashSet<LoopSight> sights = [];
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time;)
        {
            sights.Add(observation.Look());
        }

        return sights;
    }

    /// <summary>A turn of the loop that an item of the transport's own blocks until the test is over.</summary>
    private sealed class HeldTurn : IDisposable
    {
        private readonly ManualResetEventSlim _gate = new();

        public static async Task<HeldTurn> StartAsync(EventLoop loop)
        {
            HeldTurn held = new();
            TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            loop.Post(_ =>
            {
                entered.SetResult();
                held._gate.Wait(Waiting.Limit);
            }, null);
            await entered.Task.WithTimeout();
            return held;
        }

        public void Dispose() => _gate.Set();
    }
}

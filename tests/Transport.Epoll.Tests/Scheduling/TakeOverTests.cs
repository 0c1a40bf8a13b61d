using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Connections;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>Loops that a callback holds up. The watchdog ticks by hand, so nothing here depends on time.</summary>
public class TakeOverTests
{
    /// <summary>A cpuset that was narrowed, a processor that was taken off line: the loop goes on wherever it may.</summary>
    [Fact]
    public async Task Tick_ItsProcessorIsGone_IsTakenOverAllTheSame()
    {
        using AutoLoops loops = new(processor: 0);
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);
        loops.Kernel.OnSetAffinity.FailAlways(Errno.EINVAL);

        loops.TickThrice();

        Assert.Equal("epoll-loop-0", await AutoLoops.RunAsync(loops.Loop, () => Thread.CurrentThread.Name));
        await blocked.EndAsync();
    }

    [Fact]
    public async Task Tick_SameCallbackThreeTimes_AnotherThreadDrivesTheLoop()
    {
        using AutoLoops loops = new();
        using BlockedCallback blocked = new();
        Thread first = await blocked.StartAsync(loops.Loop);
        Task<string?> behind = AutoLoops.RunAsync(loops.Loop, () => Thread.CurrentThread.Name);
        loops.Watchdog.Tick();
        Assert.Equal(LoopSight.Suspicious, loops.Watchdog.Tick());
        Assert.Equal(0, loops.Counters.TakeOvers);

        loops.Watchdog.Tick();

        Assert.Equal("epoll-loop-0", await behind);
        Assert.NotSame(first, await AutoLoops.RunAsync(loops.Loop, () => Thread.CurrentThread));
        Assert.Equal(1, loops.Counters.TakeOvers);
        Assert.True(blocked.Owner.Callbacks.IsOnPool);
        Assert.Contains(35, loops.LogIds);
        await blocked.EndAsync();
    }

    /// <summary>A log is user code, and what it waits for may be on the very loop: the watchdog asks it nothing.</summary>
    [Fact]
    public async Task Tick_TheLogWaitsForTheLoop_AnotherThreadDrivesItMeanwhile()
    {
        using ManualResetEventSlim ran = new();
        bool isLate = false;
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        HookedLogger logger = new(NullLogger.Instance)
        {
            Asked = () =>
            {
                isLate |= !ran.Wait(Waiting.Limit);
                asked.TrySetResult();
            },
        };
        using AutoLoops loops = new(logger: new OffLoopLogger(logger));
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);
        loops.Loop.Post(_ => ran.Set(), null);

        loops.TickThrice();

        await asked.Task.WithTimeout(2 * Waiting.Limit);
        Assert.False(isLate);
        await blocked.EndAsync();
    }

    [Fact]
    public async Task Tick_CallbackOfTheSameConnectionIsANewOne_IsNoStall()
    {
        using AutoLoops loops = new();
        RecordingItemOwner owner = new();
        for (int i = 0; i < 5; i++)
        {
            using BlockedCallback blocked = new() { Owner = owner };
            await blocked.StartAsync(loops.Loop);
            loops.Watchdog.Tick();
            loops.Watchdog.Tick();
            await blocked.EndAsync();
        }

        Assert.Equal(0, loops.Counters.TakeOvers);
    }

    [Fact]
    public async Task Tick_ThreadHadNoProcessor_IsNoStall()
    {
        long runnable = 0;
        using AutoLoops loops = new();
        loops.Kernel.SchedStat = () => $"0 {runnable += 1_000_000_000} 0";
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);

        for (int i = 0; i < 20; i++)
        {
            loops.Watchdog.Tick();
        }

        Assert.Equal(0, loops.Counters.TakeOvers);
        loops.Kernel.SchedStat = () => "0 0 0";
        loops.TickThrice();
        Assert.Equal(1, loops.Counters.TakeOvers);
        await blocked.EndAsync();
    }

    [Fact]
    public async Task TakenOver_CallbackReturns_ThreadBecomesAStandbyForTheNext()
    {
        using AutoLoops loops = new();
        using BlockedCallback one = new();
        Thread first = await one.StartAsync(loops.Loop);
        loops.TickThrice();
        await one.EndAsync();
        await Waiting.UntilAsync(() => loops.Threads.Parked == 2);
        Assert.Equal("epoll-standby", first.Name);
        using BlockedCallback two = new();
        await two.StartAsync(loops.Loop);

        loops.TickThrice();

        Assert.Same(first, await AutoLoops.RunAsync(loops.Loop, () => Thread.CurrentThread));
        await two.EndAsync();
    }

    /// <summary>An application that interrupts the thread of a handler that takes too long may come too late.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TakenOver_CallbackLeavesAnInterrupt_ThreadBecomesAStandbyAllTheSame(bool later)
    {
        using AutoLoops loops = new();
        TaskCompletionSource<Thread> entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ManualResetEventSlim gate = new();
        loops.Loop.Post(_ =>
        {
            entered.SetResult(Thread.CurrentThread);
            gate.Wait(Waiting.Limit);
            if (!later)
            {
                Thread.CurrentThread.Interrupt();
            }
        }, null, new RecordingItemOwner());
        Thread first = await entered.Task.WithTimeout();
        loops.TickThrice();
        gate.Set();
        await Waiting.UntilAsync(() => loops.Threads.Parked == 2);
        if (later)
        {
            await Waiting.UntilAsync(() => first.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
            first.Interrupt();
        }

        using BlockedCallback two = new();
        await two.StartAsync(loops.Loop);
        loops.TickThrice();

        Assert.Same(first, await AutoLoops.RunAsync(loops.Loop, () => Thread.CurrentThread));
        await two.EndAsync();
    }

    [Fact]
    public async Task TakenOver_ItemsBehind_QuickConnectionsStayOthersGoToThePool()
    {
        using AutoLoops loops = new();
        RecordingItemOwner quick = new();
        RecordingItemOwner unknown = new(isNew: true);
        Assert.False(await quick.RunAsync(loops.Loop, () => Thread.CurrentThread.IsThreadPoolThread));
        await AutoLoops.RunAsync(loops.Loop, () => 0);
        Assert.True(quick.Callbacks.IsQuick);
        using BlockedCallback blocked = new();
        using ManualResetEventSlim posted = new();
        loops.Loop.Post(_ => posted.Wait(Waiting.Limit), null); // all three are in one turn
        Task started = blocked.StartAsync(loops.Loop);
        Task<bool> ofUnknown = unknown.RunAsync(loops.Loop, () => Thread.CurrentThread.IsThreadPoolThread);
        Task<bool> ofQuick = quick.RunAsync(loops.Loop, () => Thread.CurrentThread.IsThreadPoolThread);
        posted.Set();
        await started;

        loops.TickThrice();

        Assert.True(await ofUnknown);
        Assert.False(await ofQuick);
        await blocked.EndAsync();
    }

    [Fact]
    public async Task Release_ThreadIsHeldUp_LoopEndsAndTheThreadWhenItsCallbackDoes()
    {
        AutoLoops loops = new();
        using BlockedCallback blocked = new();
        Thread held = await blocked.StartAsync(loops.Loop);
        loops.Release();
        loops.TickThrice();

        await Waiting.UntilAsync(() => loops.Kernel.OnClose.Calls == 2);

        Assert.True(held.IsAlive);
        await blocked.EndAsync();
        held.JoinWithTimeout();
        Assert.Empty(loops.Faults);
    }

    [Fact]
    public async Task TakenOver_LoopHasAProcessor_FormerDriverMayRunEverywhere()
    {
        using AutoLoops loops = new(processor: 0);
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);
        int thread = loops.Loop.Lease.ThreadId;
        string before = AllowedProcessors(thread);

        loops.TickThrice();

        Assert.Equal("0", before);
        Assert.Equal(AllowedProcessors(Environment.ProcessId), AllowedProcessors(thread));
        Assert.Equal("0", AllowedProcessors(await AutoLoops.RunAsync(loops.Loop, Transport.Epoll.Native.LinuxThread.CurrentId)));
        await blocked.EndAsync();
    }

    [Fact]
    public async Task RunTurn_SlowCallback_MovesItsConnectionUntilItIsQuickAgain()
    {
        using AutoLoops loops = new(times: AutoLoops.Times with { SlowCallback = TimeSpan.FromMilliseconds(1) });
        RecordingItemOwner owner = new();
        for (int i = 0; i < 5 && !owner.Callbacks.IsOnPool; i++)
        {
            // A loop's thread that lost its processor meanwhile is excused, so one try may not do.
            await owner.RunAsync(loops.Loop, () => Thread.CurrentThread.Join(20));
            await AutoLoops.RunAsync(loops.Loop, () => 0);
        }

        Assert.True(owner.Callbacks.IsOnPool);
        Assert.Equal(1, loops.Counters.MovesToPool);
        await Waiting.UntilAsync(() =>
        {
            loops.Loop.Post(_ => { }, null, owner);
            return !owner.Callbacks.IsOnPool;
        });
        await Waiting.UntilAsync(() => loops.LogIds.Contains(37)); // the pool's thread moves it, counts, then tells
        Assert.Equal(1, loops.Counters.MovesToLoop);
        Assert.Contains(36, loops.LogIds);
    }

    [Fact]
    public async Task RunTurn_CallbackTakesLongToSend_IsNotSlow()
    {
        using AutoLoops loops = new(times: AutoLoops.Times with { SlowCallback = TimeSpan.FromMilliseconds(100) });
        SendScheduler scheduler = new(loops.Loop);
        scheduler.OnSent(64 * 1024);
        RecordingItemOwner owner = new();

        await owner.RunAsync(loops.Loop, () =>
        {
            scheduler.Schedule(_ => Thread.CurrentThread.Join(300), null);
            return 0;
        });
        await AutoLoops.RunAsync(loops.Loop, () => 0);

        Assert.True(owner.Callbacks.IsQuick);
    }

    [Fact]
    public async Task Watchdog_AsleepWhenACallbackBlocks_WakesAndTakesOver()
    {
        using AutoLoops loops = new(times: AutoLoops.Times with { TakeOverAfter = TimeSpan.FromMilliseconds(3) });
        loops.Watchdog.Start(new ThreadStarter());
        for (int round = 0; round < 5; round++)
        {
            await Waiting.UntilAsync(() => loops.Auto.Alarm.IsSleeping);
            using BlockedCallback blocked = new();
            await blocked.StartAsync(loops.Loop);

            await AutoLoops.RunAsync(loops.Loop, () => 0);

            await blocked.EndAsync();
        }

        Assert.Equal(5, loops.Counters.TakeOvers);
    }

    [Fact]
    public async Task TryTakeOver_AtRandomMoments_EveryItemRunsOnce()
    {
        const int Items = 50_000;
        using AutoLoops loops = new();
        int[] runs = new int[Items];
        int loopItems = 0;
        using CountdownEvent left = new(2 * Items);
        using CancellationTokenSource done = new();
        Task taker = Task.Factory.StartNew(() =>
        {
            while (!done.IsCancellationRequested)
            {
                loops.Watchdog.TryTakeOver(loops.Loop, loops.Loop.Lease.Word);
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        for (int i = 0; i < Items; i++)
        {
            RecordingItemOwner owner = new();
            owner.Callbacks.OnQuick(); // so that it stays on the loop, also behind a callback that was taken over from
            loops.Loop.Post(state =>
            {
                Interlocked.Increment(ref runs[(int)state!]);
                if ((int)state % 7 == 0)
                {
                    loops.Watchdog.TryTakeOver(loops.Loop, loops.Loop.Lease.Word); // from this very callback, or from a later one
                }

                left.Signal();
            }, i, owner);
            loops.Loop.Post(_ =>
            {
                loopItems++; // without an interlock: only the holder of the lease runs loop items
                left.Signal();
            }, null);
        }

        left.WaitWithTimeout(TimeSpan.FromSeconds(60));
        await done.CancelAsync();
        await taker.WithTimeout();
        Assert.All(runs, run => Assert.Equal(1, run));
        Assert.Equal(Items, await AutoLoops.RunAsync(loops.Loop, () => loopItems));
        Assert.InRange(loops.Counters.TakeOvers, 1000, Items);
    }

    private static string AllowedProcessors(int thread)
        => File.ReadLines($"/proc/self/task/{thread}/status").Single(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split('\t')[1];
}

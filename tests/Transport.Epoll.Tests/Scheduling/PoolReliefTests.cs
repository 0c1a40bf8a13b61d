using System.Collections.Concurrent;
using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>Standbys that help the thread pool out. The pool's work items are kept back, as if all of its threads were blocked.</summary>
public sealed class PoolReliefTests : IDisposable
{
    private const int MaxLent = 4;

    private readonly ConcurrentQueue<IThreadPoolWorkItem> _heldBack = new();
    private readonly AutoLoops _loops;
    private readonly PoolRelief _relief;
    private TimeSpan _processorTime;
    private long _now = 1;

    public PoolReliefTests()
    {
        _loops = new AutoLoops(maxStandbys: 4, times: AutoLoops.Times with { MaxLent = MaxLent }, slowCallbacks: new SlowCallbackQueue(_heldBack.Enqueue));
        _relief = new PoolRelief(_loops.Auto, () => _processorTime);
    }

    [Fact]
    public async Task Look_CallbackWaitsInTwoLooks_IsRunByAStandby()
    {
        Task<Thread> ran = Add(() => Thread.CurrentThread);

        Assert.True(Look());
        Assert.Equal(0, _loops.Counters.Loans);
        Assert.True(Look());

        Assert.Equal("epoll-standby", (await ran).Name);
        Assert.Equal(1, _loops.Counters.Loans);
        await Waiting.UntilAsync(() => _loops.Threads.Parked == 2); // it waits for the next loop, or loan
        Assert.False(Look());
    }

    /// <summary>
    /// Whoever is still there at the next look waits too long, so the time between looks is what a wait is held down to. With 40 ms 64 connections that
    /// block 20 ms got 22 threads.
    /// </summary>
    [Fact]
    public async Task Tick_CallbackWaitsForThePool_TheNextLookIsSoon()
    {
        Task<int> waits = Add(() => 0);

        Assert.Equal(LoopSight.Suspicious, _loops.Watchdog.Tick());

        await RunHeldBackUntilAsync(waits);
        await Waiting.UntilAsync(() => _loops.Watchdog.Tick() == LoopSight.Waiting);
    }

    /// <summary>Between two callbacks of a blocking connection there is a moment without any.</summary>
    [Fact]
    public async Task Lent_QueueWasEmptyForAMoment_RunsTheNextToo()
    {
        PoolRelief relief = new(_loops.Auto, () => TimeSpan.Zero, patience: Waiting.Limit);
        Task<Thread> first = Add(() => Thread.CurrentThread);
        relief.Look(1);
        relief.Look(Stopwatch.Frequency);
        Thread lent = await first;
        for (int i = 0; i < 20; i++)
        {
            Assert.Same(lent, await Add(() => Thread.CurrentThread));
        }

        Assert.Equal(1, _loops.Counters.Loans);
    }

    /// <summary>A pool that keeps up: some callback waits at each look, but never the same.</summary>
    [Fact]
    public async Task Look_OthersWaitedBefore_IsNoReasonToLend()
    {
        Task<int> waits = Add(() => 0);
        for (int i = 0; i < 5; i++)
        {
            Assert.True(Look());
            Task<int> next = Add(() => 0);
            await Waiting.UntilAsync(() => _heldBack.Count == 2);
            Assert.True(_heldBack.TryDequeue(out IThreadPoolWorkItem? item));
            item.Execute();
            await waits;
            waits = next;
        }

        Assert.Equal(0, _loops.Counters.Loans);
        await RunHeldBackUntilAsync(waits);
    }

    /// <summary>Where nothing blocks any more, the pool's own threads do.</summary>
    [Fact]
    public async Task Lent_CallbacksAreQuick_GoesBack()
    {
        PoolRelief relief = new(_loops.Auto, () => TimeSpan.Zero, patience: TimeSpan.FromMilliseconds(50));
        Task<Thread> first = Add(() => Thread.CurrentThread);
        relief.Look(1);
        relief.Look(Stopwatch.Frequency);
        await first;

        await Waiting.UntilAsync(() =>
        {
            _ = Add(() => 0);
            return _loops.Threads.Parked == 2;
        });
    }

    /// <summary>The processors are the bottleneck: one more thread would take from the loops.</summary>
    [Fact]
    public async Task Look_ProcessorsAreBusy_LendsNothing()
    {
        Task<int> ran = Add(() => 0);
        for (int i = 0; i < 5; i++)
        {
            Look(busy: 0.6);
        }

        Assert.Equal(0, _loops.Counters.Loans);
        Look(busy: 0.4);
        await ran;
        Assert.Equal(1, _loops.Counters.Loans);
    }

    [Fact]
    public async Task Look_LentOnesAreBlockedToo_LendsAsManyAsMayBeAndLeavesTheReserve()
    {
        using ManualResetEventSlim gate = new();
        int running = 0;
        List<Task<bool>> blocked = [];
        for (int i = 0; i < 2 * MaxLent; i++)
        {
            blocked.Add(Add(() =>
            {
                Interlocked.Increment(ref running);
                return gate.Wait(Waiting.Limit);
            }));
        }

        await Waiting.UntilAsync(() =>
        {
            Look();
            return Volatile.Read(ref running) == MaxLent;
        });
        Look();
        Look();
        Assert.Equal(MaxLent, _loops.Counters.Loans);
        Assert.True(_loops.Threads.HasReserve);

        // The others still take over.
        using BlockedCallback callback = new();
        Assert.False((await callback.StartAsync(_loops.Loop)).IsThreadPoolThread);
        _loops.TickThrice();
        Assert.Equal(1, _loops.Counters.TakeOvers);
        await AutoLoops.RunAsync(_loops.Loop, () => 0);
        await callback.EndAsync();

        gate.Set();
        await RunHeldBackUntilAsync(Task.WhenAll(blocked)); // some may have nobody lent for them
        await Waiting.UntilAsync(() => _loops.Threads.Parked == MaxLent + 2); // and the reserve, and who was taken over from
        Assert.False(Look());
        Task<int> later = Add(() => 0);
        Look();
        Look();
        await later;
        Assert.Equal(MaxLent + 1, _loops.Counters.Loans);
    }

    [Fact]
    public async Task Look_NoneMayBeLent_LendsNothing()
    {
        using AutoLoops loops = new(slowCallbacks: new SlowCallbackQueue(_heldBack.Enqueue));
        PoolRelief relief = new(loops.Auto, () => TimeSpan.Zero);
        Task<int> ran = Add(() => 0, loops);
        for (int i = 1; i < 6; i++)
        {
            Assert.True(relief.Look(i * Stopwatch.Frequency));
        }

        Assert.Equal(0, loops.Counters.Loans);
        await RunHeldBackUntilAsync(ran);
    }

    [Fact]
    public async Task Look_LentThreadIsStillOnItsWay_LendsNoOther()
    {
        _loops.Script.HoldsBack = true;
        Task<int> ran = Add(() => 0);

        for (int i = 0; i < 5; i++)
        {
            Look();
        }

        Assert.Equal(2, _loops.Script.Tries); // the reserve and one more
        _loops.Script.LetRun();
        await ran;
        Assert.Equal(1, _loops.Counters.Loans);
    }

    [Fact]
    public async Task Look_ProcessorsGetBusy_RecallsWhoWasLentAfterItsCallback()
    {
        using ManualResetEventSlim gate = new();
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> first = Add(() =>
        {
            entered.SetResult();
            return gate.Wait(Waiting.Limit);
        });
        Task<int> second = Add(() => 0);
        Look();
        Look();
        await entered.Task.WithTimeout();

        Look(busy: 0.9);
        gate.Set();
        await first;
        await Waiting.UntilAsync(() => _loops.Threads.Parked == 2);

        Assert.False(second.IsCompleted);
        await RunHeldBackUntilAsync(second);
    }

    /// <summary>Whoever is lent may have enough to do without that anything waits: computing, beside the loops.</summary>
    [Fact]
    public async Task Look_NothingWaitsAndProcessorsGetBusy_RecallsWhoWasLentAfterItsCallback()
    {
        PoolRelief relief = new(_loops.Auto, () => _processorTime, patience: Waiting.Limit);
        using ManualResetEventSlim gate = new();
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> only = Add(() =>
        {
            entered.SetResult();
            return gate.Wait(Waiting.Limit);
        });
        Look(relief: relief);
        Look(relief: relief);
        await entered.Task.WithTimeout();

        Assert.True(Look(busy: 0.9, relief));
        gate.Set();
        await only;

        await Waiting.UntilAsync(() => _loops.Threads.Parked == 2); // long before its patience ends
        Assert.False(Look(relief: relief));
    }

    /// <summary>What is lent is a help, what is in reserve is needed: a failure of the one must not put off the other.</summary>
    [Fact]
    public async Task Look_NoThreadCanBeStarted_ReserveIsMendedAtOnceWhenOneCan()
    {
        Task<int> ran = Add(() => 0);
        _loops.Script.Failure = new InsufficientMemoryException();
        Look();
        Look();
        Assert.Equal(2, _loops.Script.Tries);
        Assert.Empty(_loops.Script.Reports);
        _loops.Script.Failure = null;
        using BlockedCallback blocked = new();
        await blocked.StartAsync(_loops.Loop);

        _loops.TickThrice();

        Assert.Equal(1, _loops.Counters.TakeOvers);
        Assert.True(_loops.Threads.HasReserve);
        await blocked.EndAsync();
        await RunHeldBackUntilAsync(ran);
    }

    [Fact]
    public async Task Lent_CallbacksLeaveSomethingOnTheThread_TheNextDoesNotSeeIt()
    {
        AsyncLocal<string> local = new();
        Task<int> first = Add(() =>
        {
            local.Value = "left behind";
            Thread.CurrentThread.Priority = ThreadPriority.Lowest;
            return 0;
        });
        Task<(string?, ThreadPriority)> second = Add(() => (local.Value, Thread.CurrentThread.Priority));

        Look();
        Look();

        await first;
        Assert.Equal((null, ThreadPriority.Normal), await second);
    }

    [Fact]
    public async Task Lent_CallbackThrowsAndLeavesAnInterrupt_ThreadIsAStandbyAgain()
    {
        RecordingItemOwner owner = new();
        InvalidOperationException thrown = new();
        Add(owner, _ =>
        {
            Thread.CurrentThread.Interrupt();
            throw thrown;
        });

        Look();
        Look();

        await Waiting.UntilAsync(() => _loops.Threads.Parked == 2);
        Assert.Same(thrown, Assert.Single(owner.Failures));
    }

    /// <summary>The loop waits again at once, and the pool is blocked: who would help if the watchdog slept on?</summary>
    [Fact]
    public async Task Watchdog_LoopsWaitAndSoDoesACallback_StaysAwakeUntilItRan()
    {
        _loops.IsBusy = false;
        _loops.Watchdog.Start(new ThreadStarter());
        await Waiting.UntilAsync(() => _loops.Auto.Alarm.IsSleeping);
        RecordingItemOwner owner = new();
        owner.Callbacks.TryMoveToPool();

        await owner.RunAsync(_loops.Loop, () => 0);

        Assert.Equal(1, _loops.Counters.Loans);
        await Waiting.UntilAsync(() => _loops.Auto.Alarm.IsSleeping);
    }

    public void Dispose()
    {
        RunHeldBack();
        _loops.Dispose();
    }

    private Task<T> Add<T>(Func<T> function, AutoLoops? loops = null)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(new RecordingItemOwner(), _ => done.SetResult(function()), loops);
        return done.Task.WithTimeout();
    }

    private void Add(RecordingItemOwner owner, Action<object?> callback, AutoLoops? loops = null)
    {
        AutoScheduling auto = (loops ?? _loops).Auto;
        auto.SlowCallbacks.Add(new MeasuredCallback(auto, new WorkItem(callback, null, owner)));
    }

    /// <summary>A look, 10 ms after the one before.</summary>
    private bool Look(double busy = 0, PoolRelief? relief = null)
    {
        const double Seconds = 0.01;
        _now += (long)(Stopwatch.Frequency * Seconds);
        _processorTime += TimeSpan.FromSeconds(Seconds * busy * Environment.ProcessorCount);
        return (relief ?? _relief).Look(_now);
    }

    /// <summary>Runs the pool's work items as the pool does when it can. The first one, which passes the others on, runs on the real pool: whoever wants all must wait.</summary>
    private async Task RunHeldBackUntilAsync(Task done)
    {
        await Waiting.UntilAsync(() =>
        {
            RunHeldBack();
            return done.IsCompleted;
        });
        await done;
    }

    private void RunHeldBack()
    {
        while (_heldBack.TryDequeue(out IThreadPoolWorkItem? item))
        {
            item.Execute();
        }
    }
}

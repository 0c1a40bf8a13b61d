using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>
/// Time between callbacks is nobody's. What holds up the look at the figures before them, a collection for instance, is in these figures: it must not count again, as time of the first
/// callback. Alone, for a collection that another test causes would excuse it.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class LostTimeTests : IDisposable
{
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(50);

    private readonly object _gate = new();
    private readonly AutoLoops _loops;
    private readonly RecordingItemOwner _owner = new();
    private int _looks;

    public LostTimeTests()
    {
        _loops = new AutoLoops(
            times: AutoLoops.Times with { SlowCallback = s_slow, QuickCallbacks = 1_000_000 },
            slowCallbacks: new SlowCallbackQueue(static _ => { }, _gate));
        _owner.UseUpAllowance();
    }

    [Fact]
    public async Task RunTurn_LookTakesLong_IsNotTheFirstCallbacks()
    {
        LookForLong();
        await Waiting.UntilAsync(() =>
        {
            _ = _owner.RunAsync(_loops.Loop, () => 0);
            return Volatile.Read(ref _looks) >= 2;
        });
        await AutoLoops.RunAsync(_loops.Loop, () => 0);

        Assert.False(_owner.Callbacks.IsOnPool);
    }

    /// <summary>A callback of a slow connection is on its way to the pool and has to wait for a lock.</summary>
    [Fact]
    public async Task RunTurn_HandingOverTakesLong_IsNotTheNextCallbacks()
    {
        Thread loop = await AutoLoops.RunAsync(_loops.Loop, () => Thread.CurrentThread);
        Thread lent = new(() => _loops.Auto.SlowCallbacks.TryRunOne(Timeout.InfiniteTimeSpan, out _)) { IsBackground = true };
        lent.Start();
        await Waiting.UntilAsync(() => IsWaiting(lent));
        RecordingItemOwner slow = new();
        slow.Callbacks.TryMoveToPool();
        Task<Task<int>> posted;

        lock (_gate)
        {
            posted = AutoLoops.RunAsync(_loops.Loop, () =>
            {
                _ = slow.RunAsync(_loops.Loop, () => 0);
                return _owner.RunAsync(_loops.Loop, () => 0); // in the same turn
            });
            Assert.True(SpinWait.SpinUntil(() => posted.IsCompleted && IsWaiting(loop), Waiting.Limit));
            Thread.CurrentThread.Join(2 * s_slow);
        }

        await await posted;
        await AutoLoops.RunAsync(_loops.Loop, () => 0);
        lent.JoinWithTimeout();
        Assert.False(_owner.Callbacks.IsOnPool);
    }

    [Fact]
    public async Task Run_LookTakesLong_IsNotTheCallbacks()
    {
        await AutoLoops.RunAsync(_loops.Loop, () => 0); // the loop's own looks are over
        LookForLong();
        _owner.Callbacks.TryMoveToPool();
        MeasuredCallback callback = new(_loops.Auto, new WorkItem(static _ => { }, null, _owner));

        // A thread of its own: what the kernel last told of a thread is kept for a while.
        bool wasSlow = await Task.Factory.StartNew(callback.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WithTimeout();

        Assert.NotEqual(0, _looks);
        Assert.False(wasSlow);
    }

    public void Dispose()
    {
        _loops.Kernel.SchedStat = static () => "0 0 0";
        _loops.Dispose();
    }

    private static bool IsWaiting(Thread thread) => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);

    private void LookForLong() => _loops.Kernel.SchedStat = () =>
    {
        Interlocked.Increment(ref _looks);
        Thread.CurrentThread.Join(2 * s_slow);
        return "0 0 0";
    };
}

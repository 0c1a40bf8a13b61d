using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>
/// Time between callbacks is nobody's: neither that of the look at the figures before them, which a collection may hold up, nor that of handing another one to the pool.
/// </summary>
public sealed class CallbackClockTests : IDisposable
{
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly AutoLoops _loops;
    private readonly RecordingItemOwner _owner = new();
    private int _looks;

    public CallbackClockTests() => _loops = new AutoLoops(
        times: AutoLoops.Times with { SlowCallback = s_slow, QuickCallbacks = 1_000_000 },
        slowCallbacks: new SlowCallbackQueue(static _ => { }, _gate));

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

    /// <summary>On the loop as on the pool: a busy machine makes no connection slow.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunTurn_CallbackTakesLong_IsSlowUnlessItsThreadHadNoProcessor(bool hadNone)
    {
        long runDelay = 0;
        _loops.Kernel.SchedStat = () => $"0 {(hadNone ? Interlocked.Add(ref runDelay, 10_000_000_000) : 0)} 0";

        await _owner.RunAsync(_loops.Loop, () => Thread.CurrentThread.Join(s_slow + TimeSpan.FromMilliseconds(50)));
        await AutoLoops.RunAsync(_loops.Loop, () => 0);

        Assert.Equal(!hadNone, _owner.Callbacks.IsOnPool);
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

using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>
/// What holds up the look at the figures before callbacks, a collection for instance, is in these figures: it must not count again, as time of the first callback. Alone, for a collection
/// that another test causes would excuse it.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class LostTimeTests : IDisposable
{
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(50);

    private readonly AutoLoops _loops = new(times: AutoLoops.Times with { SlowCallback = s_slow, QuickCallbacks = 1_000_000 });
    private readonly RecordingItemOwner _owner = new();
    private int _looks;

    public LostTimeTests() => _loops.Kernel.SchedStat = () =>
    {
        _looks++;
        Thread.CurrentThread.Join(2 * s_slow);
        return "0 0 0";
    };

    [Fact]
    public async Task RunTurn_LookTakesLong_IsNotTheFirstCallbacks()
    {
        await Waiting.UntilAsync(() =>
        {
            _ = _owner.RunAsync(_loops.Loop, () => 0);
            return Volatile.Read(ref _looks) >= 3; // at the start, before the first callback, and some time later
        });
        await AutoLoops.RunAsync(_loops.Loop, () => 0);

        Assert.False(_owner.Callbacks.IsOnPool);
    }

    [Fact]
    public async Task Run_LookTakesLong_IsNotTheCallbacks()
    {
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
}

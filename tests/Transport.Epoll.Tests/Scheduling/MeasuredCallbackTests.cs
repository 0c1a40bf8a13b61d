using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

public class MeasuredCallbackTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromMilliseconds(100);

    /// <summary>On a busy machine a connection would else stay on the pool because it is there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_CallbackTakesLong_IsSlowUnlessItsThreadHadNoProcessor(bool hadNone)
    {
        long runDelay = 0;
        using AutoLoops loops = new(times: AutoLoops.Times with { SlowCallback = TimeSpan.FromMilliseconds(1), QuickCallbacks = 1 });
        loops.Kernel.SchedStat = () => $"0 {(hadNone ? runDelay += 1_000_000_000 : 0)} 0";
        RecordingItemOwner owner = new();
        owner.Callbacks.TryMoveToPool();
        MeasuredCallback callback = new(loops.Auto, new WorkItem(static _ => Thread.Sleep(s_long), null, owner));

        // A thread of its own: what the kernel last told of a thread is kept for a while.
        await Task.Factory.StartNew(callback.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WithTimeout();

        Assert.Equal(!hadNone, owner.Callbacks.IsOnPool);
    }
}

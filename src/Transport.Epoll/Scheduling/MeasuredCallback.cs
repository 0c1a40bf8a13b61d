using System.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// An application item that the Auto mode sends to the pool. Its time tells whether its connection is slow.
/// </summary>
/// <remarks>The lease holder makes it; a pool thread or a lent one runs it once.</remarks>
internal sealed class MeasuredCallback(AutoScheduling auto, WorkItem item)
{
    /// <summary>Runs it, once; whether it was slow by itself.</summary>
    public bool Run()
    {
        IMeasuredOwner owner = (IMeasuredOwner)item.Owner!;
        CallbackClock clock = CallbackClock.OfThisThread;
        long start = clock.Refresh(auto.Kernel, Stopwatch.GetTimestamp());
        item.RunForOwner();
        TimeSpan own = clock.OwnTime(auto.Kernel, auto.Slow, start, Stopwatch.GetTimestamp());
        bool isSlow = own > auto.Times.SlowCallback;
        auto.RecordOnPool(owner, quick: !isSlow, own);
        return isSlow;
    }
}

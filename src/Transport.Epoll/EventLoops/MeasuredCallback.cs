using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// An application item that the Auto mode sends to the pool. Its time tells whether its connection is still slow.
/// </summary>
/// <remarks>The lease holder makes it; a pool thread or a lent one runs it once.</remarks>
internal sealed class MeasuredCallback(AutoScheduling auto, WorkItem item)
{
    /// <summary>Runs it, once; whether it was slow by itself.</summary>
    public bool Run()
    {
        IApplicationItemOwner owner = item.Owner!;
        LostTime lost = LostTime.OfThisThread;
        long sending = LoopThread.Sending;
        long start = lost.Refresh(auto, Stopwatch.GetTimestamp());
        item.RunForOwner();
        start += LoopThread.Sending - sending; // as if it had begun later by what it sent
        long end = Stopwatch.GetTimestamp();
        bool isLong = auto.IsSlow(end - start);
        TimeSpan? own = isLong ? lost.Own(auto, start, end) : null;
        bool isSlow = own > auto.Times.SlowCallback;
        if (!isLong || own is not null)
        {
            auto.RecordOnPool(owner, quick: !isSlow);
        }

        return isSlow;
    }
}

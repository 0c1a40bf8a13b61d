using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// An application item that the Auto mode sends to the pool. Its time tells whether its connection is still slow.
/// </summary>
/// <remarks>The lease holder makes it; a pool thread or a lent one runs it once.</remarks>
internal sealed class MeasuredCallback(AutoScheduling auto, WorkItem item)
{
    public void Run()
    {
        IApplicationItemOwner owner = item.Owner!;
        LostTime lost = LostTime.OfThisThread;
        long sending = LoopThread.Sending;
        long start = Stopwatch.GetTimestamp();
        lost.Refresh(auto, start);
        try
        {
            item.Callback(item.State);
        }
#pragma warning disable CA1031 // As on the loop: it costs the owner's connection, not the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            owner.OnCallbackFailed(exception);
        }

        start += LoopThread.Sending - sending; // as if it had begun later by what it sent
        long end = Stopwatch.GetTimestamp();
        if (!auto.IsSlow(end - start))
        {
            auto.RecordOnPool(owner, quick: true);
        }
        else if (lost.Own(auto, start, end) is TimeSpan own)
        {
            auto.RecordOnPool(owner, quick: own <= auto.Times.SlowCallback);
        }
    }
}

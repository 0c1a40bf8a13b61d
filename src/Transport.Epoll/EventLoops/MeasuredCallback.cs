using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// An application item that the Auto mode sends to the pool. Its time tells whether its connection is still slow.
/// </summary>
/// <remarks>The lease holder makes it; a pool thread runs it once.</remarks>
internal sealed class MeasuredCallback(AutoScheduling auto, WorkItem item) : IThreadPoolWorkItem
{
    void IThreadPoolWorkItem.Execute()
    {
        IApplicationItemOwner owner = item.Owner!;
        long start = Stopwatch.GetTimestamp() - LoopThread.Sending;
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

        auto.RecordOnPool(owner, Stopwatch.GetTimestamp() - LoopThread.Sending - start);
    }
}

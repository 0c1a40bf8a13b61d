using System.Diagnostics;
using Transport.Epoll.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>A loop as observers see it.</summary>
/// <remarks>Any thread: all that it reads is a hint, and it stops nothing.</remarks>
internal sealed class LoopProbe(EventLoop loop, HandlerTable handlers, WorkQueue work, RunQueue run) : IObservedLoop
{
    public LoopCounters Counters => loop.Counters;

    public long CurrentCallback(long now) => LoopLease.IsInCallback(loop.Lease.Word) ? Math.Max(0, now - loop.Lease.CallbackStart) : 0;

    public void AddConnections(List<IObservedConnection> connections, int max)
    {
        int end = connections.Count + max;
        foreach (IEventHandler handler in handlers.Peek())
        {
            if (connections.Count >= end)
            {
                return;
            }

            if (handler is IObservedConnection connection)
            {
                connections.Add(connection);
            }
        }
    }

    public EpollLoopSnapshot Capture(LoopWindow window)
    {
        LoopCounters counters = loop.Counters;
        LoopFigures figures = window.Look();
        long word = loop.Lease.Word;
        long start = loop.Lease.CallbackStart;
        IApplicationItemOwner? owner = loop.Lease.Owner;
        bool inCallback = LoopLease.IsInCallback(word) && loop.Lease.Word == word; // start and owner are this callback's
        return new EpollLoopSnapshot
        {
            Index = counters.Index,
            Name = loop.Name,
            State = loop.HasEnded ? "ended" : LoopLease.IsWaiting(word) ? "waiting" : inCallback ? "callback" : "running",
            ThreadId = loop.Lease.ThreadId,
            CallbackAge = inCallback ? Stopwatch.GetElapsedTime(start) : null,
            CallbackConnectionId = inCallback ? owner?.ConnectionId : null,
            CallbackDescription = inCallback ? owner?.Description : null,
            WorkQueueLength = work.Count,
            RunQueueLength = run.Count,
            Connections = counters.Shared.Connections,
            Turns = counters.Turns,
            Waits = counters.Waits,
            Events = counters.Events,
            Wakeups = counters.Shared.WakeUps,
            Utilization = figures.Utilization,
            Lag = figures.Lag,
            Callbacks = counters.Callbacks,
            CallbacksOnPool = counters.CallbacksToPool,
            CallbackTime = Stopwatch.GetElapsedTime(0, counters.CallbackTicks),
            MaxCallbackTime = figures.LongestCallback,
            TakeOvers = counters.TakeOvers,
            BytesReceived = counters.BytesReceived,
            BytesSent = counters.BytesSent,
            ReceiveCalls = counters.ReceiveCalls,
            SendCalls = counters.SendCalls,
            GatheredSends = counters.GatheredSends,
            PausedReaders = (int)counters.PausedReaders,
            PausedWriters = (int)counters.Shared.PausedWriters,
        };
    }
}

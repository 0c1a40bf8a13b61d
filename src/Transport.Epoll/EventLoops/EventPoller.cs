using System.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>How a loop waits for its next events: not at all while it has work, else polling for a moment if that pays, else blocked.</summary>
/// <remarks>Lease holder only.</remarks>
internal sealed class EventPoller(EpollInstance epoll, WorkQueue work, LoopLease lease, SpinPolicy spin, WatchdogAlarm? alarm)
{
    private const int MaxEventsPerTurn = 128;

    private readonly EpollEvent[] _events = new EpollEvent[MaxEventsPerTurn];

    /// <summary>The next batch of events; it may be empty.</summary>
    public ReadOnlySpan<EpollEvent> Next(bool hasWork)
    {
        if (hasWork || !work.IsEmpty)
        {
            return _events.AsSpan(0, epoll.Wait(_events, 0));
        }

        long start = Stopwatch.GetTimestamp();
        int count = 0;
        if (spin.TryBegin())
        {
            count = Spin(start);
            SpinPolicy.End();
        }

        if (count == 0 && work.IsEmpty && work.TryEnterSleep())
        {
            count = Block();
        }

        spin.RecordGap(Stopwatch.GetTimestamp() - start);
        return _events.AsSpan(0, count);
    }

    private int Spin(long start)
    {
        int count = epoll.Wait(_events, 0);
        while (count == 0 && work.IsEmpty && Stopwatch.GetTimestamp() - start < spin.Limit)
        {
            Thread.Yield(); // sched_yield(2): who brings the next work may be waiting for this very processor (docs/decisions/0007)
            count = epoll.Wait(_events, 0);
        }

        return count;
    }

    private int Block()
    {
        lease.Wait();
        int count = epoll.Wait(_events, -1);
        lease.Resume();
        alarm?.OnLoopAwake(); // after the lease says so: see WatchdogAlarm
        work.LeaveSleep();
        return count;
    }
}

using System.Diagnostics;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>How a loop waits for its next events: not at all while it has work, else polling for a moment if that pays, else blocked.</summary>
/// <remarks>Lease holder only.</remarks>
internal sealed class EventPoller(EpollInstance epoll, WorkQueue work, LoopLease lease, SpinPolicy spin, ICallbackPolicy? policy, LoopCounters counters)
{
    private const int MaxEventsPerTurn = 128;

    private readonly EpollEvent[] _events = new EpollEvent[MaxEventsPerTurn];

    /// <summary>Whether nobody waits for this loop alone: a turn takes what is there (<see cref="ReadyLoops"/>).</summary>
    public bool IsShared { get; set; }

    /// <summary>Whether the last batch was as large as may be: more events may be there, and nothing tells of them but arming the loop.</summary>
    public bool MayHaveMore { get; private set; }

    /// <summary>The next batch of events; it may be empty.</summary>
    public ReadOnlySpan<EpollEvent> Next(bool hasWork)
    {
        if (IsShared || hasWork || !work.IsEmpty)
        {
            return _events.AsSpan(0, Wait(0));
        }

        long start = Stopwatch.GetTimestamp();
        counters.BeginWait(start);
        int count = spin.TryBegin() ? Spin(start) : 0;
        bool sleeps = count == 0 && work.IsEmpty && work.TryEnterSleep();
        if (sleeps)
        {
            count = Block();
        }

        long end = Stopwatch.GetTimestamp();
        counters.EndWait(end);
        spin.TryRecordGap(end - start, sleeps);
        return _events.AsSpan(0, count);
    }

    private int Spin(long start)
    {
        try
        {
            int count = Wait(0);
            while (count == 0 && work.IsEmpty && Stopwatch.GetTimestamp() - start < spin.Limit)
            {
                Thread.Yield(); // sched_yield(2): who brings the next work may be waiting for this very processor (docs/decisions/0007)
                count = Wait(0);
            }

            return count;
        }
        finally
        {
            SpinPolicy.End();
        }
    }

    private int Wait(int timeoutMilliseconds)
    {
        int count = epoll.Wait(_events, timeoutMilliseconds);
        MayHaveMore = count == MaxEventsPerTurn;
        counters.OnEvents(count);
        return count;
    }

    private int Block()
    {
        lease.Wait();
        int count = Wait(-1);
        lease.Resume();
        policy?.OnAwake();
        work.LeaveSleep();
        return count;
    }
}

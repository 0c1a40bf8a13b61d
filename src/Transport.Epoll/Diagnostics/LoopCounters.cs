using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Transport.Epoll.Diagnostics;

/// <summary>What one loop counts of its own work: plain fields, no clock reads of their own. Whoever observes reads them as they are.</summary>
/// <remarks>
/// The lease holder writes; any thread reads, and may find a count that is one behind. What other threads count is in <see cref="Shared"/>. Cache lines before and behind keep neighbours on the heap
/// from slowing the holder's writes down. Times are in ticks of <see cref="Stopwatch"/>.
/// </remarks>
internal sealed class LoopCounters
{
    private Counts _own = new() { TurnStart = Stopwatch.GetTimestamp() };

    private LoopCounters(int index, SharedLoopCounters shared)
    {
        Index = index;
        Shared = shared;
    }

    /// <summary>Counters for loop number <paramref name="index"/>, which go on where those of the loop before it with the same number have ended.</summary>
    public static LoopCounters After(LoopCounters? before, int index)
    {
        if (before is null)
        {
            return new(index, new SharedLoopCounters());
        }

        LoopCounters counters = new(index, SharedLoopCounters.After(before.Shared));
        long start = counters._own.TurnStart;
        counters._own = before._own;
        counters._own.TurnStart = start;
        counters._own.Waited = before.WaitTicks(start) << 1;
        counters._own.WaitedAtTurn = counters._own.Waited >> 1;
        counters._own.PausedReaders = 0;
        counters._own.LongestTurn = 0;
        counters._own.LongestCallback = 0;
        return counters;
    }

    /// <summary>The number of the loop in its group.</summary>
    public int Index { get; }

    public SharedLoopCounters Shared { get; }

    public long Turns => Volatile.Read(ref _own.Turns);

    public long Waits => Volatile.Read(ref _own.Waits);

    public long Events => Volatile.Read(ref _own.Events);

    public long Callbacks => Volatile.Read(ref _own.Callbacks);

    public long CallbackTicks => Volatile.Read(ref _own.CallbackTicks);

    public long CallbacksToPool => Volatile.Read(ref _own.CallbacksToPool) + Shared.CallbacksToPool;

    public long ReceiveCalls => Volatile.Read(ref _own.ReceiveCalls);

    public long BytesReceived => Volatile.Read(ref _own.BytesReceived);

    public long SendCalls => Volatile.Read(ref _own.SendCalls) + Shared.SendCalls;

    public long BytesSent => Volatile.Read(ref _own.BytesSent) + Shared.BytesSent;

    public long GatheredSends => Volatile.Read(ref _own.GatheredSends) + Shared.GatheredSends;

    public long TakeOvers => Volatile.Read(ref _own.TakeOvers);

    public long ReaderPauses => Volatile.Read(ref _own.ReaderPauses);

    public long PausedReaders => Volatile.Read(ref _own.PausedReaders);

    /// <summary>A turn begins.</summary>
    public void OnTurn() => Volatile.Write(ref _own.Turns, _own.Turns + 1);

    /// <summary>One epoll_wait has returned.</summary>
    public void OnEvents(int count)
    {
        _own.Waits++;
        _own.Events += count;
    }

    /// <summary>The loop has nothing to do.</summary>
    public void BeginWait(long now) => Volatile.Write(ref _own.Waited, _own.Waited - (now << 1) + 1);

    /// <summary>It has again.</summary>
    public void EndWait(long now) => Volatile.Write(ref _own.Waited, _own.Waited + (now << 1) - 1);

    /// <summary>The loop begins to work through its run queue, once a turn: all that it did since the last time, but for waiting, is what an event may have waited for.</summary>
    public void OnRunQueue(long now)
    {
        long waited = _own.Waited >> 1;
        long turn = now - _own.TurnStart - (waited - _own.WaitedAtTurn);
        if (turn > _own.LongestTurn)
        {
            _own.LongestTurn = turn;
        }

        Volatile.Write(ref _own.TurnStart, now); // before the next line: who reads in between finds a turn that is too short
        Volatile.Write(ref _own.WaitedAtTurn, waited);
    }

    /// <summary>The loop's turn may have begun so late, for the thread had others to drive.</summary>
    public void OnLate(long ticks)
    {
        if (ticks > _own.LongestTurn)
        {
            _own.LongestTurn = ticks;
        }
    }

    /// <summary>A callback ran on the loop, or has had the loop taken away after so long.</summary>
    public void OnCallback(long ticks)
    {
        _own.Callbacks++;
        _own.CallbackTicks += ticks;
        if (ticks > _own.LongestCallback)
        {
            _own.LongestCallback = ticks;
        }
    }

    public void OnCallbackToPool() => _own.CallbacksToPool++;

    public void OnTakenOver(long ticks)
    {
        _own.TakeOvers++;
        OnCallback(ticks);
    }

    public void OnReceive(int bytes)
    {
        _own.ReceiveCalls++;
        _own.BytesReceived += bytes;
    }

    public void OnSend(int bytes, bool gathered)
    {
        _own.SendCalls++;
        _own.BytesSent += bytes;
        _own.GatheredSends += gathered ? 1 : 0;
    }

    public void OnReaderPaused()
    {
        _own.ReaderPauses++;
        _own.PausedReaders++;
    }

    public void OnReaderResumed() => _own.PausedReaders--;

    /// <summary>Any thread: how long the loop has waited so far, up to <paramref name="now"/>.</summary>
    public long WaitTicks(long now)
    {
        long waited = Volatile.Read(ref _own.Waited);
        return (waited & 1) == 0 ? waited >> 1 : (waited >> 1) + now;
    }

    /// <summary>Any thread: how long the turn that runs now has taken so far, without waiting. Less if it ends meanwhile, never more.</summary>
    public long CurrentTurn(long now)
    {
        long waitedBefore = Volatile.Read(ref _own.WaitedAtTurn);
        long start = Volatile.Read(ref _own.TurnStart);
        return Math.Max(0, now - start - (WaitTicks(now) - waitedBefore));
    }

    /// <summary>The reader, one at a time: the longest turn and the longest callback since it last took them.</summary>
    public (long Turn, long Callback) TakeLongest() => (Interlocked.Exchange(ref _own.LongestTurn, 0), Interlocked.Exchange(ref _own.LongestCallback, 0));

    /// <summary>Any thread: the same without taking them.</summary>
    public (long Turn, long Callback) SeeLongest() => (Volatile.Read(ref _own.LongestTurn), Volatile.Read(ref _own.LongestCallback));

    /// <summary>A structure, for the runtime orders the fields of a class as it likes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Counts
    {
#pragma warning disable CS0169, IDE0051 // Only there to take up room.
        private readonly CacheLines _before;
#pragma warning restore CS0169, IDE0051

        public long Turns;
        public long Waits;
        public long Events;
        public long Callbacks;
        public long CallbackTicks;
        public long CallbacksToPool;
        public long ReceiveCalls;
        public long BytesReceived;
        public long SendCalls;
        public long BytesSent;
        public long GatheredSends;
        public long TakeOvers;
        public long ReaderPauses;
        public long PausedReaders;

        // In one word, so that a reader finds both: how long the loop has waited, times two; while it waits, less the time when that began, plus one.
        public long Waited;

        // When the latest look at the run queue was, and how long the loop had waited by then.
        public long TurnStart;
        public long WaitedAtTurn;

        // The longest since a reader took them: the reader sets them back.
        public long LongestTurn;
        public long LongestCallback;

#pragma warning disable CS0169, IDE0051
        private readonly CacheLines _behind;
#pragma warning restore CS0169, IDE0051
    }
}

/// <summary>Two cache lines: processors fetch them in pairs.</summary>
[InlineArray(16)]
internal struct CacheLines
{
    private long _first;
}

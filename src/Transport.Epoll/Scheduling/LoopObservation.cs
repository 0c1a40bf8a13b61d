using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Scheduling;

/// <summary>What a look at a loop found.</summary>
internal enum LoopSight
{
    /// <summary>It waits for events.</summary>
    Waiting,

    /// <summary>It works.</summary>
    Busy,

    /// <summary>A callback takes long, or waits for the pool.</summary>
    Suspicious,

    /// <summary>A callback holds it up.</summary>
    Stalled,

    /// <summary>One turn of the transport's own code has held it up for longer than it may; said once.</summary>
    Stuck,
}

/// <summary>
/// What the watchdog's ticks saw of one loop. The same callback in three ticks is a stall. A late tick counts as one, so a collection or a
/// debugger's break is none. Nor does a tick count in which the thread had no processor or spent its time in the compiler: for half a second at most,
/// since whoever waits behind the callback waits for that time, too.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="auto">What the loops of its group share.</param>
/// <param name="interval">The time between two looks while a callback takes long.</param>
/// <param name="stuckAfter">How long the transport's own code may take for one turn.</param>
/// <remarks>Watchdog only.</remarks>
internal sealed class LoopObservation(EventLoop loop, AutoScheduling auto, TimeSpan interval, TimeSpan stuckAfter)
{
    private const int SightingsOfAStall = 3;

    /// <summary>On one processor a first request compiled for 200 ms; a callback of some microseconds gets its processor sooner, whatever the load.</summary>
    private static readonly TimeSpan s_maxExcused = TimeSpan.FromMilliseconds(500);

    /// <summary>A look that comes later than this: the whole process stood still (a debugger's break, SIGSTOP), which excuses no longer than this.</summary>
    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(100);

    private static readonly long s_suspicious = Stopwatch.Frequency / 1000;

    private int _sightings;
    private TimeSpan _excused;

    // Of the turn that the transport's own code runs.
    private long _turns;
    private long _runsSince;
    private bool _stuckReported;

    // Of the look before.
    private long _lookedAt;
    private ThreadTimes _times;
    private TimeSpan _compiled;

    // Of the first look that found the callback again.
    private long _firstLookAt;
    private TimeSpan _compiledAtFirst;

    /// <summary>The word of the lease that the last look saw: a stall is taken over from exactly this.</summary>
    public long Word { get; private set; }

    public EventLoop Loop => loop;

    /// <summary>For how long the transport's own code has held up the loop, once that was found.</summary>
    public TimeSpan Running => Stopwatch.GetElapsedTime(_runsSince);

    public LoopSight Look()
    {
        long word = loop.Lease.Word;
        bool same = word == Word;
        Word = word;
        if (LoopLease.IsWaiting(word))
        {
            _sightings = 0;
            return LoopSight.Waiting;
        }

        if (!LoopLease.IsInCallback(word))
        {
            return LookAtRunning(same);
        }

        long now = Stopwatch.GetTimestamp();
        if (!same)
        {
            _sightings = 1;
            return now - loop.Lease.CallbackStart > s_suspicious ? LoopSight.Suspicious : LoopSight.Busy;
        }

        _sightings = Counts(now) ? _sightings + 1 : _sightings;
        return _sightings >= SightingsOfAStall ? LoopSight.Stalled : LoopSight.Suspicious;
    }

    /// <summary>Whether a tick that found the same callback again says something about the callback.</summary>
    private bool Counts(long now)
    {
        ThreadTimes times = LinuxThread.Times(auto.Kernel, loop.Lease.ThreadId);
        TimeSpan compiled = auto.CompilationTime();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_lookedAt, now);
        bool isFirst = _sightings < 2;
        ThreadTimes since = times - _times;
        TimeSpan compiling = compiled - _compiled; // by all threads: this one's share is no more than it ran
        compiling = compiling < since.Processor ? compiling : since.Processor;
        (_lookedAt, _times, _compiled) = (now, times, compiled);
        if (isFirst)
        {
            _excused = TimeSpan.Zero;
            (_firstLookAt, _compiledAtFirst) = (now, compiled);
            return true; // nothing to compare with yet
        }

        // Any at all: what is used for the first time is compiled only in part, and otherwise loaded, which nobody counts. A tick without may be all of one
        // method, which counts when it is done.
        bool compiles = compiling > TimeSpan.Zero || 4 * (compiled - _compiledAtFirst) > Stopwatch.GetElapsedTime(_firstLookAt, now);
        bool warmsUp = compiles && since.RunDelay + since.Processor >= elapsed / 2;
        if (!warmsUp && !HadNoProcessor(since, elapsed))
        {
            return true;
        }

        _excused += elapsed < interval + s_late ? elapsed : interval + s_late;
        return _excused > s_maxExcused;
    }

    /// <summary>
    /// Whether the loop's thread wanted a processor and got none most of the time. The kernel adds a wait when it is over: who still waits has
    /// neither waited nor run, like who sleeps, but is runnable.
    /// </summary>
    private bool HadNoProcessor(ThreadTimes since, TimeSpan elapsed)
        => 2 * since.RunDelay > elapsed || (2 * since.Processor <= elapsed && LinuxThread.IsRunnable(auto.Kernel, loop.Lease.ThreadId));

    private LoopSight LookAtRunning(bool same)
    {
        _sightings = 0;
        long turns = loop.Counters.Turns;
        if (!same || turns != _turns)
        {
            (_turns, _runsSince, _stuckReported) = (turns, Stopwatch.GetTimestamp(), false);
        }

        if (_stuckReported || Running < stuckAfter)
        {
            return LoopSight.Busy;
        }

        _stuckReported = true;
        return LoopSight.Stuck;
    }
}

using System.Diagnostics;
using System.Runtime;
using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>What a look at a loop found.</summary>
internal enum LoopSight
{
    /// <summary>It waits for events.</summary>
    Waiting,

    /// <summary>It works.</summary>
    Busy,

    /// <summary>A callback takes long.</summary>
    Suspicious,

    /// <summary>A callback holds it up.</summary>
    Stalled,

    /// <summary>The transport's own code has held it up for long; said once.</summary>
    Stuck,
}

/// <summary>
/// What the watchdog's ticks saw of one loop. The same callback in three ticks is a stall. A late tick counts as one, so a collection or a
/// debugger's break is none; nor does a tick count in which the thread had no processor or spent its time in the compiler.
/// </summary>
/// <remarks>Watchdog only.</remarks>
internal sealed class LoopObservation(EventLoop loop, Kernel kernel)
{
    private const int SightingsOfAStall = 3;

    /// <summary>The compiler excuses so many ticks of one callback: on one processor a first request compiled for 200 ms.</summary>
    private const int MaxCompilerTicks = 50;

    private static readonly long s_suspicious = Stopwatch.Frequency / 1000;
    /// <summary>How long the transport's own code may take for one turn before it is reported.</summary>
    public static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(1);

    private int _sightings;
    private int _compilerTicks;
    private long _turns;
    private bool _stuckReported;

    // Of the look before.
    private long _lookedAt;
    private ThreadTimes _times;
    private TimeSpan _compiled;

    /// <summary>The word of the lease that the last look saw: a stall is taken over from exactly this.</summary>
    public long Word { get; private set; }

    public EventLoop Loop => loop;

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
        ThreadTimes times = LinuxThread.Times(kernel, loop.Lease.ThreadId);
        TimeSpan compiled = JitInfo.GetCompilationTime();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_lookedAt, now);
        bool isFirst = _sightings < 2;
        TimeSpan waited = times.RunDelay - _times.RunDelay;
        TimeSpan ran = times.Processor - _times.Processor;
        TimeSpan compiling = compiled - _compiled; // by all threads: this one's share is no more than it ran
        compiling = compiling < ran ? compiling : ran;
        (_lookedAt, _times, _compiled) = (now, times, compiled);
        if (isFirst)
        {
            _compilerTicks = 0;
            return true; // nothing to compare with yet
        }

        // The kernel adds a wait for a processor when it is over: who still waits has neither waited nor run, like who sleeps, but is runnable.
        bool hadNoProcessor = waited >= elapsed / 2 || (ran < elapsed / 2 && LinuxThread.IsRunnable(kernel, loop.Lease.ThreadId));

        // A quarter: what is compiled for the first time also loads types and assemblies, which nobody counts.
        bool warmsUp = waited + ran >= elapsed / 2 && compiling >= elapsed / 4;
        return !hadNoProcessor && !(warmsUp && ++_compilerTicks <= MaxCompilerTicks);
    }

    private LoopSight LookAtRunning(bool same)
    {
        long turns = loop.Turns;
        long now = Stopwatch.GetTimestamp();
        if (!same || turns != _turns || _sightings != 0)
        {
            _sightings = 0;
            _turns = turns;
            _lookedAt = now;
            _stuckReported = false;
            return LoopSight.Busy;
        }

        if (_stuckReported || Stopwatch.GetElapsedTime(_lookedAt, now) < StuckAfter)
        {
            return LoopSight.Busy;
        }

        _stuckReported = true;
        return LoopSight.Stuck;
    }
}

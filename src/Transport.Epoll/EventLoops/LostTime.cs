using System.Diagnostics;
using System.Runtime;
using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Tells what a callback took itself from what the machine took: the processor for another thread (schedstat), a collection, the compiler, a stop of
/// the whole process. These are no fault of the callback.
/// </summary>
/// <remarks>The thread that runs the callbacks; another one that takes its place says so.</remarks>
internal sealed class LostTime
{
    /// <summary>What is older than this is read anew before a callback, so that it is compared with what was just before it: one file read of some 5 µs.</summary>
    private static readonly long s_maxAge = Stopwatch.Frequency / 100;

    /// <summary>The compiler is busy for so long after a method that it ended: it counts a method when it is done, and its threads have more to do than compile.</summary>
    private static readonly long s_warmUp = Stopwatch.Frequency;

    [ThreadStatic]
    private static LostTime? t_ofThisThread;

    // Whose pauses these are: pool threads serve several hosts of a process.
    private AutoScheduling? _auto;
    private int _threadId;
    private long _readAt;
    private TimeSpan _lost;
    private TimeSpan _compiled; // by all threads
    private long _compiledAt;
    private long _pause;

    /// <summary>The calling thread's own.</summary>
    public static LostTime OfThisThread => t_ofThisThread ??= new LostTime { _threadId = LinuxThread.CurrentId() };

    /// <summary>Another thread runs the callbacks from now on.</summary>
    public void OnThread(AutoScheduling auto, int threadId)
    {
        _threadId = threadId;
        Read(auto, Stopwatch.GetTimestamp());
    }

    /// <summary>Before callbacks.</summary>
    /// <returns>When they begin: later than <paramref name="now"/> if the figures were read anew, for what held that up is in them and must not count again.</returns>
    public long Refresh(AutoScheduling auto, long now)
    {
        if (now - _readAt <= s_maxAge && _auto == auto)
        {
            return now;
        }

        Read(auto, now);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>
    /// Whether the compiler took a quarter or more of the time of the callback that was measured last, on whatever thread: two first requests wait for each other's methods. What is used for the
    /// first time is loaded as well, which nobody counts: the compiler is 57 % of a first request of 98 ms.
    /// </summary>
    public bool IsWarmUp { get; private set; }

    /// <summary>
    /// Whether any thread was seen to have compiled something in the second before the last look: a process in its first seconds, above all. Who needs what the compiler's threads hold
    /// waits like for any other lock.
    /// </summary>
    public bool IsProcessWarmingUp => _readAt - _compiledAt <= s_warmUp;

    /// <summary>
    /// What the callback took itself of the time between two timestamps of <see cref="Stopwatch"/>; <see langword="null"/>, nobody can say, if the
    /// whole process stood still meanwhile.
    /// </summary>
    public TimeSpan? Own(AutoScheduling auto, long start, long end)
    {
        (TimeSpan lost, TimeSpan compiled, long pause) = (_lost, _compiled, _pause);
        Read(auto, end);
        IsWarmUp = IsMuch(_compiled - compiled, Stopwatch.GetElapsedTime(start, end));
        return _pause == pause ? Stopwatch.GetElapsedTime(start, end) - (_lost - lost) : null;
    }

    /// <summary>Whether the compiler's share makes a time one of warming up.</summary>
    public static bool IsMuch(TimeSpan compiled, TimeSpan elapsed) => 4 * compiled > elapsed;

    private void Read(AutoScheduling auto, long now)
    {
        TimeSpan compiled = auto.CompilationTime();
        bool compiledLately = compiled != _compiled && now - _readAt <= s_warmUp; // since a look long ago: who knows when
        _compiledAt = compiledLately ? now : _compiledAt;
        _compiled = compiled;
        _auto = auto;
        _readAt = now;
        _pause = auto.Pauses.Latest(now);
        _lost = LinuxThread.Times(auto.Kernel, _threadId).RunDelay + GC.GetTotalPauseDuration() + JitInfo.GetCompilationTime(currentThread: true);
    }
}

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

    [ThreadStatic]
    private static LostTime? t_ofThisThread;

    // Whose pauses these are: pool threads serve several hosts of a process.
    private AutoScheduling? _auto;
    private int _threadId;
    private long _readAt;
    private TimeSpan _lost;
    private TimeSpan _collecting;
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
    public void Refresh(AutoScheduling auto, long now)
    {
        if (now - _readAt > s_maxAge || _auto != auto)
        {
            Read(auto, now);
        }
    }

    /// <summary>
    /// Whether a collection ended in the callback that was measured last, or some 10 ms before. It costs more than its pause: threads are let go one
    /// after the other, and wait for pages that were given back.
    /// </summary>
    public bool MetCollection { get; private set; }

    /// <summary>
    /// What the callback took itself of the time between two timestamps of <see cref="Stopwatch"/>; <see langword="null"/>, nobody can say, if the
    /// whole process stood still meanwhile.
    /// </summary>
    public TimeSpan? Own(AutoScheduling auto, long start, long end)
    {
        (TimeSpan lost, TimeSpan collecting, long pause) = (_lost, _collecting, _pause);
        Read(auto, end);
        MetCollection = _collecting != collecting;
        return _pause == pause ? Stopwatch.GetElapsedTime(start, end) - (_lost - lost) : null;
    }

    private void Read(AutoScheduling auto, long now)
    {
        _auto = auto;
        _readAt = now;
        _pause = auto.Pauses.Latest(now);
        _collecting = GC.GetTotalPauseDuration();
        _lost = LinuxThread.Times(auto.Kernel, _threadId).RunDelay + _collecting + JitInfo.GetCompilationTime(currentThread: true);
    }
}

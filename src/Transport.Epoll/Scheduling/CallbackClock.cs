using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// Tells what a callback took from what its thread waited for a processor meanwhile (schedstat, proc(5)): on a busy machine quick callbacks take
/// long without a fault of theirs. What it sent in place is not its time either.
/// </summary>
/// <remarks>One for each thread that runs callbacks; its own.</remarks>
internal sealed class CallbackClock
{
    /// <summary>What is older than this is read anew before a callback, so that it is compared with what was just before it: one file read of some 5 µs.</summary>
    private static readonly long s_maxAge = Stopwatch.Frequency / 100;

    [ThreadStatic]
    private static CallbackClock? t_ofThisThread;

    private readonly int _threadId = LoopThread.Id;
    private long _readAt;
    private TimeSpan _delay;
    private long _sending;

    /// <summary>The calling thread's own.</summary>
    public static CallbackClock OfThisThread => t_ofThisThread ??= new CallbackClock();

    /// <summary>Before callbacks.</summary>
    /// <returns>When they begin: later than <paramref name="now"/> if the figure was read anew, for what held that up is no callback's time.</returns>
    public long Refresh(Kernel kernel, long now)
    {
        _sending = LoopThread.Sending;
        if (now - _readAt <= s_maxAge)
        {
            return now;
        }

        Read(kernel, now);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>After a callback, or after each of several: what it took by itself, from one timestamp of <see cref="Stopwatch"/> to the other. Nothing if that is no more than <paramref name="slow"/> anyway.</summary>
    public TimeSpan OwnTime(Kernel kernel, long slow, long start, long end)
    {
        start += LoopThread.Sending - _sending;
        _sending = LoopThread.Sending;
        if (end - start <= slow)
        {
            return TimeSpan.Zero;
        }

        TimeSpan before = _delay;
        Read(kernel, end);
        return Stopwatch.GetElapsedTime(start, end) - (_delay - before);
    }

    private void Read(Kernel kernel, long now)
    {
        _readAt = now;
        _delay = LinuxThread.Times(kernel, _threadId).RunDelay;
    }
}

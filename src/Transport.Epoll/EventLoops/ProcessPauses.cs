using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// How often the whole process stood still, as under a debugger's break or SIGSTOP, or when the machine itself was paused. The kernel counts
/// such a time as nothing that a thread did or waited for, but the watchdog's next tick comes far too late then, too.
/// </summary>
/// <remarks>The watchdog says when it wants to be back and that it is; any thread reads.</remarks>
internal sealed class ProcessPauses
{
    /// <summary>A tick for which the machine is only too busy comes sooner.</summary>
    private static readonly long s_late = Stopwatch.Frequency / 20;

    private long _due = long.MaxValue;
    private int _count;

    /// <summary>Watchdog: it waits for its next tick, which is due at a timestamp of <see cref="Stopwatch"/>.</summary>
    public void OnDue(long due) => Volatile.Write(ref _due, due);

    /// <summary>Watchdog: its wait is over.</summary>
    public void OnBack(long now)
    {
        if (IsLate(now))
        {
            Volatile.Write(ref _count, _count + 1); // before the next line, so that a reader may count it twice but never miss it
        }

        Volatile.Write(ref _due, long.MaxValue);
    }

    /// <summary>The pauses until now. A callback that saw another number before has met one, and the clock says nothing about it.</summary>
    public int Count(long now) => (IsLate(now) ? 1 : 0) + Volatile.Read(ref _count);

    private bool IsLate(long now)
    {
        long due = Volatile.Read(ref _due);
        return due < now && now - due > s_late;
    }
}

using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// When the whole process last stood still, as under a debugger's break or SIGSTOP, or when the machine itself was paused. The kernel counts
/// such a time as nothing that a thread did or waited for, but the watchdog then comes far too late to where it is due, too.
/// </summary>
/// <remarks>The watchdog says that it goes on and when it is due again; any thread reads.</remarks>
internal sealed class ProcessPauses
{
    /// <summary>A watchdog for which the machine is only too busy comes sooner.</summary>
    private static readonly long s_late = Stopwatch.Frequency / 20;

    private long _due = long.MaxValue;
    private long _missed;

    /// <summary>Watchdog: it goes on at <paramref name="now"/> and will next do so at <paramref name="due"/>, timestamps of <see cref="Stopwatch"/>.</summary>
    public void OnWatchdog(long now, long due)
    {
        if (IsLate(_due, now))
        {
            Volatile.Write(ref _missed, _due); // before the next line, so that a reader finds it here or there
        }

        Volatile.Write(ref _due, due);
    }

    /// <summary>What stands for the latest pause. A callback that saw another value before has met one, and the clock says nothing about it.</summary>
    public long Latest(long now)
    {
        long due = Volatile.Read(ref _due);
        return IsLate(due, now) ? due : Volatile.Read(ref _missed);
    }

    private static bool IsLate(long due, long now) => due < now && now - due > s_late;
}

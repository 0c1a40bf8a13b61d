using System.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// Lends standbys to callbacks of slow connections that the thread pool leaves waiting while the process uses little of its processors: the
/// pool's threads are blocked then, and it adds another one only every half second or so. A lent thread runs callbacks until it has met no slow one
/// for a while or the processors are needed. The pool and its settings are left alone.
/// </summary>
/// <param name="auto">The queue of such callbacks, and the standbys.</param>
/// <param name="processorTime">The processor time that this process has used; a test's may stand still.</param>
/// <param name="patience">How long a lent thread stays after its last slow callback; the default is half a second.</param>
/// <remarks>Watchdog only, but for the two fields that say otherwise.</remarks>
internal sealed class PoolRelief(AutoScheduling auto, Func<TimeSpan>? processorTime = null, TimeSpan? patience = null)
{
    /// <summary>Shares of the process's processors: below the one threads are lent, above the other they would only compete with the loops.</summary>
    private const double LendBelow = 0.5;
    private const double RecallAbove = 0.75;

    private readonly Func<TimeSpan> _processorTime = processorTime ?? (static () => Environment.CpuUsage.TotalTime);
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(0.5);
    private bool _looked;
    private long _added;
    private long _lookedAt;
    private TimeSpan _used;

    // The watchdog sets it before it lends, the lent thread clears it: one at a time is on its way.
    private volatile bool _isOnItsWay;

    // The watchdog writes, lent threads read.
    private volatile bool _isRecalled;

    /// <summary>Lends one more standby if a callback has waited since the look before, with idle processors in between; recalls all if the processors were busy.</summary>
    /// <returns>Whether callbacks wait, or threads are lent.</returns>
    public bool Look(long now)
    {
        if (auto.SlowCallbacks.IsEmpty && auto.Threads.Lent == 0)
        {
            _looked = false;
            return false;
        }

        TimeSpan used = _processorTime();
        if (_looked)
        {
            double share = (used - _used) / (Stopwatch.GetElapsedTime(_lookedAt, now) * Environment.ProcessorCount);
            _isRecalled = share > RecallAbove;
            if (share < LendBelow && auto.SlowCallbacks.Taken < _added && !_isOnItsWay)
            {
                _isOnItsWay = true;
                if (!auto.Threads.TryLend(Help))
                {
                    _isOnItsWay = false;
                }
            }
        }

        (_looked, _added, _lookedAt, _used) = (true, auto.SlowCallbacks.Added, now, used);
        return true;
    }

    /// <summary>What a lent thread does.</summary>
    private void Help()
    {
        _isOnItsWay = false;
        auto.OnLent();
        long lastSlow = Stopwatch.GetTimestamp();
        while (!_isRecalled && Stopwatch.GetElapsedTime(lastSlow) < _patience)
        {
            try
            {
                lastSlow = auto.SlowCallbacks.TryRunOne(_patience, out bool wasSlow) && wasSlow ? Stopwatch.GetTimestamp() : lastSlow;
            }
            catch (ThreadInterruptedException)
            {
                // A callback left it on the thread; it shows in the wait for the next one.
            }

            CallbackIsolation.Restore(DriverThreads.StandbyName);
        }
    }
}

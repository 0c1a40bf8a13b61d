using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>Wakes the watchdog, which sleeps while all loops wait. A loop that goes on raises it, only if the watchdog sleeps.</summary>
/// <remarks>The loops' drivers raise; the watchdog pauses and sleeps; whoever ends the group stops.</remarks>
internal sealed class WatchdogAlarm
{
    // 1 while the watchdog sleeps or is about to. It sets it and reads the loops' words after; a loop changes its word and reads it after.
    // Each side has a full fence between its store and its load (BeginSleep / LoopLease.Resume), so they can't miss each other.
    private int _sleeping;

    // Guards the two below.
    private readonly object _gate = new();
    private bool _raised;
    private bool _stopped;

    /// <summary>Whether the watchdog sleeps: a hint.</summary>
    public bool IsSleeping => Volatile.Read(ref _sleeping) != 0;

    /// <summary>A loop's wait is over and its lease says so.</summary>
    public void OnLoopAwake()
    {
        if (Volatile.Read(ref _sleeping) != 0 && Interlocked.Exchange(ref _sleeping, 0) != 0)
        {
            Uninterruptible.Enter(_gate);
            _raised = true;
            Monitor.PulseAll(_gate);
            Monitor.Exit(_gate);
        }
    }

    public void Stop()
    {
        Uninterruptible.Enter(_gate);
        _stopped = true;
        Monitor.PulseAll(_gate);
        Monitor.Exit(_gate);
    }

    /// <summary>Watchdog: waits for the next tick. False when stopped.</summary>
    public bool Pause(TimeSpan interval)
    {
        lock (_gate)
        {
            return !_stopped && (!Monitor.Wait(_gate, interval) || !_stopped);
        }
    }

    /// <summary>Watchdog: says that it is about to sleep. It looks at all loops after, and calls <see cref="EndSleep"/> or <see cref="Sleep"/>.</summary>
    public void BeginSleep() => Interlocked.Exchange(ref _sleeping, 1);

    /// <summary>Watchdog: a loop is awake after all.</summary>
    public void EndSleep()
    {
        if (Interlocked.Exchange(ref _sleeping, 0) == 0)
        {
            Sleep(); // somebody is raising it right now: take that
        }
    }

    /// <summary>Watchdog: sleeps until a loop is awake. False when stopped.</summary>
    public bool Sleep()
    {
        lock (_gate)
        {
            while (!_raised && !_stopped)
            {
                Monitor.Wait(_gate);
            }

            _raised = false;
            return !_stopped;
        }
    }
}

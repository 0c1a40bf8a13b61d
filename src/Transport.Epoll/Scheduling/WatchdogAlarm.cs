using System.Diagnostics.CodeAnalysis;

namespace Transport.Epoll.Scheduling;

/// <summary>Wakes the watchdog, which sleeps while all loops wait. A loop that goes on raises it, only if the watchdog sleeps.</summary>
/// <remarks>The loops' drivers raise; the watchdog pauses and sleeps; whoever ends the group stops.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "It lives as long as the threads that use it, and has no descriptor.")]
internal sealed class WatchdogAlarm
{
    // 1 while the watchdog sleeps or is about to. It sets it and reads the loops' words after; a loop changes its word and reads it after.
    // Each side has a full fence between its store and its load (Sleep / LoopLease.Resume), so they can't miss each other.
    private int _sleeping;

    // Raised once for each time that somebody takes the 1 back, and to stop. No lock: an interruption that a callback left on a loop's thread finds no wait.
    private readonly AutoResetEvent _raised = new(initialState: false);
    private volatile bool _stopped;

    /// <summary>Whether the watchdog sleeps: a hint.</summary>
    public bool IsSleeping => Volatile.Read(ref _sleeping) != 0;

    /// <summary>A loop's wait is over and its lease says so.</summary>
    public void OnLoopAwake()
    {
        if (Volatile.Read(ref _sleeping) != 0 && Interlocked.Exchange(ref _sleeping, 0) != 0)
        {
            _raised.Set();
        }
    }

    public void Stop()
    {
        _stopped = true;
        _raised.Set();
    }

    /// <summary>Watchdog: waits for the next tick. False when stopped.</summary>
    public bool Pause(TimeSpan interval)
    {
        _raised.WaitOne(interval);
        return !_stopped;
    }

    /// <summary>Watchdog: sleeps until a loop is awake, unless one is already. False when stopped.</summary>
    /// <param name="canSleep">Whether all loops wait, asked once those that go on would raise the alarm.</param>
    public bool Sleep(Func<bool> canSleep)
    {
        Interlocked.Exchange(ref _sleeping, 1);
        if (canSleep() || Interlocked.Exchange(ref _sleeping, 0) == 0) // or somebody is raising it right now: take that
        {
            _raised.WaitOne();
        }

        return !_stopped;
    }
}

using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>One thread's place to be given something to do (<see cref="DriverThreads"/>).</summary>
/// <remarks>The properties: under the lock of all standbys.</remarks>
internal sealed class Standby
{
    // Guards the field below, and nothing else is waited for under it.
    private readonly object _gate = new();
    private bool _woken;

    /// <summary>Drives a loop, or does what the thread is lent for. True: the thread is done, for its loop has ended.</summary>
    public Func<bool>? Work { get; set; }

    public bool IsLent { get; set; }

    /// <summary>Has the thread look at its work, and at how long it may wait. An interruption that a callback left on the calling thread stops nothing.</summary>
    public void Wake()
    {
        Uninterruptible.Enter(_gate);
        _woken = true;
        Monitor.Pulse(_gate);
        Monitor.Exit(_gate);
    }

    /// <summary>The thread itself waits, without the lock of all standbys. False: the time is up.</summary>
    public bool Wait(TimeSpan limit)
    {
        try
        {
            lock (_gate)
            {
                bool inTime = _woken || Monitor.Wait(_gate, limit);
                _woken = false;
                return inTime;
            }
        }
        catch (ThreadInterruptedException)
        {
            return true; // somebody interrupts the thread of a callback that has returned meanwhile
        }
    }
}

using System.Diagnostics.CodeAnalysis;

namespace Transport.Epoll.Scheduling;

/// <summary>One thread's place to be given something to do (<see cref="DriverThreads"/>).</summary>
/// <remarks>The properties: under the lock of all standbys.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "It lives as long as its thread, and has no descriptor.")]
internal sealed class Standby
{
    private readonly AutoResetEvent _woken = new(initialState: false);

    /// <summary>Drives a loop, or does what the thread is lent for. True: the thread is done, for its loop has ended.</summary>
    public Func<bool>? Work { get; set; }

    public bool IsLent { get; set; }

    /// <summary>Has the thread look at its work, and at how long it may wait.</summary>
    public void Wake() => _woken.Set();

    /// <summary>The thread itself waits, without the lock of all standbys. False: the time is up.</summary>
    public bool Wait(TimeSpan limit)
    {
        try
        {
            return _woken.WaitOne(limit);
        }
        catch (ThreadInterruptedException)
        {
            return true; // somebody interrupts the thread of a callback that has returned meanwhile
        }
    }
}

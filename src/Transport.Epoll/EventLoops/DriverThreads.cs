using System.Diagnostics.CodeAnalysis;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// The threads that drive loops: one for each loop, and standbys that go on where a thread is held up. A thread that lost its loop becomes
/// a standby when its callback returns; one that has waited long enough ends.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class DriverThreads(int loops, int maxStandbys, TimeSpan idleLimit)
{
    // Guards the standbys: their list and their fields.
    private readonly object _gate = new();
    private readonly List<Standby> _parked = [];
    private bool _closed;

    // Threads that were taken over from and have not come back. Written under the gate, read by the loops without it.
    private int _ousted;

    /// <summary>
    /// Whether a callback may begin on a loop: even if all loops are held up at the same time, a standby for each is left. So the bounded
    /// number of standbys can't dead-lock callbacks that wait for each other.
    /// </summary>
    public bool HasReserve => Volatile.Read(ref _ousted) <= maxStandbys - loops;

    /// <summary>The standbys that wait for a loop.</summary>
    public int Parked
    {
        get
        {
            lock (_gate)
            {
                return _parked.Count;
            }
        }
    }

    /// <summary>Starts a background thread, without the caller's execution context, that drives the loop to its end.</summary>
    public void Start(EventLoop loop) => StartThread(loop.Name, new Standby { Loop = loop });

    /// <summary>A started thread that waits to be given a loop, or to be returned; <see langword="null"/> if there is none to be had.</summary>
    public Standby? TryReserve()
    {
        Standby standby = new();
        lock (_gate)
        {
            if (_closed || _ousted >= maxStandbys)
            {
                return null;
            }

            if (_parked.Count > 0)
            {
                Standby parked = _parked[^1];
                _parked.RemoveAt(_parked.Count - 1);
                return parked;
            }
        }

        try
        {
            StartThread("epoll-standby", standby);
            return standby;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            return null; // no thread to be had now: the watchdog tries again with its next tick
        }
    }

    /// <summary>Gives back a reserved standby that was not needed.</summary>
    public void Return(Standby standby)
    {
        lock (_gate)
        {
            _parked.Add(standby);
        }
    }

    /// <summary>Has a reserved standby drive a loop whose lease the caller took over.</summary>
    public void HandOver(Standby standby, EventLoop loop)
    {
        lock (_gate)
        {
            _ousted++;
            standby.Loop = loop;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>All loops have ended: so do the standbys, those that are held up when their callback returns.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void StartThread(string name, Standby standby)
    {
        Thread thread = new(() => Run(standby)) { IsBackground = true, Name = name };
        thread.UnsafeStart();
    }

    private void Run(Standby standby)
    {
        while (TryTakeLoop(standby, out EventLoop? loop))
        {
            if (loop.Drive())
            {
                return;
            }

            Thread.CurrentThread.Name = "epoll-standby";
            lock (_gate)
            {
                _ousted--;
                _parked.Add(standby);
            }
        }
    }

    /// <summary>Waits for a loop to drive. False: the thread is not needed any more.</summary>
    private bool TryTakeLoop(Standby standby, [NotNullWhen(true)] out EventLoop? loop)
    {
        lock (_gate)
        {
            while (standby.Loop is null)
            {
                // Off the list only if it is on it: a reserved one stays.
                if (_closed || (!Monitor.Wait(_gate, idleLimit) && standby.Loop is null && _parked.Remove(standby)))
                {
                    loop = null;
                    return false;
                }
            }

            loop = standby.Loop;
            standby.Loop = null;
            return true;
        }
    }

    /// <summary>One thread's place to be given a loop. Under the gate.</summary>
    internal sealed class Standby
    {
        public EventLoop? Loop { get; set; }
    }
}

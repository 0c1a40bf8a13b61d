using System.Diagnostics.CodeAnalysis;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// The threads that drive loops: one for each loop, or as many carriers as there shall be, and standbys that go on where a thread is held up. A thread that lost its loop becomes
/// a standby when its callback returns. As many standbys as loops wait for good, the reserve; a further one can be lent for other work, and ends
/// when it has waited long enough.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class DriverThreads : IObservedThreads
{
    /// <summary>The name of a thread that drives no loop.</summary>
    public const string StandbyName = "epoll-standby";

    private readonly int _loops;
    private readonly int _maxLent;
    private readonly TimeSpan _idleLimit;
    private readonly ThreadStarter _starter;
    private readonly ThreadStarter _lentStarter;
    private readonly SchedulingCounters? _counters;
    private readonly Carriers? _carriers;

    // Guards the standbys: their list, their number and their fields.
    private readonly object _gate = new();
    private readonly List<Standby> _parked = [];
    private bool _closed;

    // Threads beyond those of the start: parked, reserved, lent, held up in a callback, or carriers that were added.
    private int _standbys;

    // Those of them that are lent.
    private int _lent;

    // The threads of the start. Whoever starts the loops.
    private int _started;

    // The length of the list. Written under the gate, read by the loops without it: a stale value does no harm, see HasReserve.
    private int _reserve;

    /// <summary>Starts the reserve.</summary>
    /// <param name="loops">The number of loops.</param>
    /// <param name="maxStandbys">So many standbys there may be at least, if threads can be had, whatever is lent.</param>
    /// <param name="maxLent">So many more there may be, and so many may be lent.</param>
    /// <param name="idleLimit">How long one beyond the reserve waits before it ends.</param>
    /// <param name="starter">How threads start.</param>
    /// <param name="counters">Counts those that start and end.</param>
    /// <param name="carriers">What threads do that serve all loops together; without, each loop has a driver of its own.</param>
    public DriverThreads(int loops, int maxStandbys, int maxLent, TimeSpan idleLimit, ThreadStarter? starter = null, SchedulingCounters? counters = null,
        Carriers? carriers = null)
    {
        _carriers = carriers;
        _loops = loops;
        MaxStandbys = maxStandbys + maxLent + (carriers is null ? 0 : loops - 1); // the other carriers come out of them
        _maxLent = maxLent;
        _idleLimit = idleLimit;
        _starter = starter ?? new ThreadStarter();
        _counters = counters;
        _lentStarter = _starter.Quiet(); // a loan that fails must not keep the reserve from being mended
        Refill();
    }

    /// <summary>
    /// Whether a callback may begin on a loop: even if all loops are held up at the same time, a thread that runs already waits for each. So
    /// neither the bounded number of standbys nor one that can't be started can dead-lock callbacks that wait for each other.
    /// </summary>
    /// <remarks>
    /// A loop may read an old value, and others may read it too. Until they read it again, take-overs of the other loops take away one each at
    /// most, and nothing else takes from the reserve; so one is left for this loop.
    /// </remarks>
    public bool HasReserve => Volatile.Read(ref _reserve) >= _loops;

    /// <summary>What serves the loops together, if they share their threads.</summary>
    public Carriers? Carriers => _carriers;

    /// <summary>The standbys that wait for a loop.</summary>
    public int Parked => Volatile.Read(ref _reserve);

    /// <summary>The standbys that are lent: a hint.</summary>
    public int Lent => Volatile.Read(ref _lent);

    /// <summary>All threads by what they do; of the standbys, those that neither wait nor are lent stand for one that is held up: a hint.</summary>
    public (int Driving, int Reserve, int Lent, int HeldUp) Count()
    {
        int driving = _carriers?.Active ?? _loops;
        return (driving, Parked, Lent, Math.Max(0, Volatile.Read(ref _started) + Volatile.Read(ref _standbys) - driving - Parked - Lent));
    }

    /// <summary>As many standbys as there may be, lent ones included.</summary>
    public int MaxStandbys { get; }

    /// <summary>Whether the reserve is used up because there are as many standbys as there may be: a hint.</summary>
    public bool IsExhausted => !HasReserve && Volatile.Read(ref _standbys) >= MaxStandbys;

    /// <summary>Starts a thread that drives a loop to its end, or is a carrier; when it has lost that work it is a standby.</summary>
    public void Start(string name, Func<bool> work)
    {
        Standby driver = new() { Work = work };
        _starter.Start(name, () => Run(driver));
        Interlocked.Increment(ref _started);
    }

    /// <summary>
    /// A thread that waits to be given a loop, or to be returned; <see langword="null"/> if there is none to be had. The reserve stays whole if
    /// another thread can be started, otherwise it is what the reserve is for: while it is not whole, what waits behind the callback goes to the pool, which may be blocked.
    /// </summary>
    public Standby? TryReserve() => Unpark(keep: _loops) ?? TryStart(_starter) ?? Unpark(keep: 0);

    /// <summary>A thread to be given something else, or to be returned, never one of the reserve; <see langword="null"/> if there is none to be had.</summary>
    public Standby? TrySpare() => Unpark(keep: _loops) ?? TryStart(_lentStarter);

    /// <summary>Watchdog, with each tick: starts what the reserve lacks, if that can be started now.</summary>
    public void Refill()
    {
        while (!HasReserve && TryStart(_starter) is Standby standby)
        {
            Return(standby);
        }
    }

    /// <summary>Gives back a reserved standby that was not needed.</summary>
    public void Return(Standby standby)
    {
        lock (_gate)
        {
            Park(standby);
            standby.Wake(); // how long it waits depends on the number of those that wait
        }
    }

    /// <summary>Has a reserved standby drive a loop whose lease the caller took over.</summary>
    public void HandOver(Standby standby, EventLoop loop) => HandOver(standby, _carriers is null ? loop.Drive : () => _carriers.Run(loop));

    /// <summary>Has a reserved standby do this.</summary>
    public void HandOver(Standby standby, Func<bool> work)
    {
        lock (_gate)
        {
            standby.Work = work;
            standby.Wake();
        }
    }

    /// <summary>Lends a standby that is not of the reserve for some work. False: there is none to be had, or as many as may be are lent already.</summary>
    /// <param name="work">It must not throw. The thread is a standby again after it.</param>
    /// <remarks>Watchdog only.</remarks>
    public bool TryLend(Action work)
    {
        if (Lent >= _maxLent || TrySpare() is not Standby standby)
        {
            return false;
        }

        lock (_gate)
        {
            _lent++;
            standby.IsLent = true;
            standby.Work = () =>
            {
                work();
                return false;
            };
            standby.Wake();
            return true;
        }
    }

    /// <summary>All loops have ended: so do the standbys, those that are held up when their callback returns.</summary>
    public void Close()
    {
        Uninterruptible.Enter(_gate); // the last loop's thread
        _closed = true;
        _parked.ForEach(static standby => standby.Wake());
        Monitor.Exit(_gate);
    }

    private Standby? TryStart(ThreadStarter starter)
    {
        lock (_gate)
        {
            if (_closed || _standbys >= MaxStandbys)
            {
                return null;
            }

            _standbys++;
        }

        Standby standby = new();
        if (starter.TryStart(StandbyName, () => Run(standby)))
        {
            _counters?.AddThread(Volatile.Read(ref _standbys));
            return standby;
        }

        lock (_gate)
        {
            _standbys--;
        }

        return null;
    }

    /// <summary>Under the gate.</summary>
    private void Park(Standby standby)
    {
        if (standby.IsLent)
        {
            standby.IsLent = false;
            _lent--;
        }

        _parked.Add(standby);
        Volatile.Write(ref _reserve, _parked.Count);
    }

    /// <summary>Takes a parked standby, unless no more than <paramref name="keep"/> are there.</summary>
    private Standby? Unpark(int keep)
    {
        lock (_gate)
        {
            if (_closed || _parked.Count <= keep)
            {
                return null;
            }

            Standby last = _parked[^1];
            _parked.RemoveAt(_parked.Count - 1);
            Volatile.Write(ref _reserve, _parked.Count);
            return last;
        }
    }

    private void Run(Standby standby)
    {
        CallbackIsolation.OnNewThread();
        while (TryTakeWork(standby, out Func<bool>? work))
        {
            if (work())
            {
                return;
            }

            Thread.CurrentThread.Name = StandbyName;
            Uninterruptible.Enter(_gate);
            Park(standby);
            Monitor.Exit(_gate);
        }
    }

    /// <summary>Waits for something to do. False: the thread is not needed any more.</summary>
    private bool TryTakeWork(Standby standby, [NotNullWhen(true)] out Func<bool>? work)
    {
        bool inTime = true;
        while (true)
        {
            Uninterruptible.Enter(_gate);
            TimeSpan limit;
            try
            {
                work = standby.Work;
                standby.Work = null;
                if (work is not null)
                {
                    return true;
                }

                if ((_closed && _parked.Contains(standby)) || (!inTime && TryLeave(standby))) // one that is reserved is still given something, or returned
                {
                    return false;
                }

                limit = _parked.Count > _loops ? _idleLimit : Timeout.InfiniteTimeSpan;
            }
            finally
            {
                Monitor.Exit(_gate);
            }

            inTime = standby.Wait(limit);
        }
    }

    /// <summary>Under the gate, after a long wait: whether the thread may end. The reserve stays, and so does one that is reserved.</summary>
    private bool TryLeave(Standby standby)
    {
        if (_parked.Count <= _loops || !_parked.Remove(standby))
        {
            return false;
        }

        Volatile.Write(ref _reserve, _parked.Count);
        _standbys--;
        _counters?.RemoveThread(_standbys);
        return true;
    }
}

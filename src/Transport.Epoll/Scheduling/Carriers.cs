using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// The threads that serve a group's loops together, as many as the load needs: each takes a loop that has something to do, gives it one turn, and takes the
/// next. One that a callback holds up loses its loop to a standby, which is a carrier in its place.
/// </summary>
/// <remarks>Any thread.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The last carrier disposes the loops' outer epoll instance.")]
internal sealed class Carriers(ReadyLoops ready, int loops, Func<SpinPolicy> createSpin)
{
    /// <summary>The name of a thread that serves all loops of a group.</summary>
    public const string ThreadName = "epoll-loop-any";

    // By number. Whoever starts the group writes, before the first carrier begins.
    private readonly EventLoop[] _loops = new EventLoop[loops];

    // Guards the three below. Threads that have run callbacks enter it by Uninterruptible.
    private readonly object _gate = new();
    private int _active;
    private bool _ended;
    private Exception? _failure;

    // The governor writes; carriers read.
    private int _wanted = 1;

    /// <summary>How many serve the loops; who is held up in a callback has another one in its place: a hint.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>How many shall serve them, from 1 to the number of loops. One too many leaves after its next turn; one that sleeps costs nothing.</summary>
    public int Wanted
    {
        get => Volatile.Read(ref _wanted);
        set => Volatile.Write(ref _wanted, value);
    }

    /// <summary>Serves this loop, too. Before <see cref="Start"/>.</summary>
    public void Add(EventLoop loop)
    {
        _loops[loop.Counters.Index] = loop;
        loop.Share(ready);
    }

    /// <summary>All loops are added: starts the first carrier.</summary>
    public void Start(DriverThreads threads)
    {
        TryEnter();
        threads.Start(ThreadName, () => Run(null));
    }

    /// <summary>The group can't start: gives up what the loops would share. No carrier has begun.</summary>
    public void Discard() => ready.Dispose();

    /// <summary>All loops have ended: so do the carriers.</summary>
    public void Stop() => ready.Stop();

    /// <summary>One carrier more, if a thread can be had that is not of the reserve, and the only one has made room. Watchdog.</summary>
    public bool TryAdd(DriverThreads threads)
    {
        if (!ready.IsOneShot || !threads.HasReserve || threads.TrySpare() is not Standby standby)
        {
            return false; // the reserve comes first: without it nothing runs on a loop
        }

        if (!TryEnter())
        {
            threads.Return(standby);
            return false;
        }

        threads.HandOver(standby, () => Run(null));
        return true;
    }

    /// <summary>One more is about to begin; false when all loops have ended, or the only one wants to stay alone.</summary>
    private bool TryEnter()
    {
        Uninterruptible.Enter(_gate);
        bool entered = !_ended && (_active == 0 || ready.IsOneShot);
        _active += entered ? 1 : 0;
        Monitor.Exit(_gate);
        return entered;
    }

    /// <summary>Serves loops, first the one that the calling thread holds already, if any.</summary>
    /// <returns>True when all loops have ended; false when the thread has lost its loop to another one, or is not needed any more.</returns>
    public bool Run(EventLoop? held)
    {
        Thread.CurrentThread.Name = ThreadName;
        SpinPolicy spin = createSpin();
        long lookedAt = Stopwatch.GetTimestamp();
        long since = lookedAt;
        if (held is null)
        {
            ready.Enter();
        }

        while ((held ?? Take(spin, ref lookedAt, out since)) is EventLoop loop)
        {
            if (!loop.RunShared(isTakenOver: held is not null, since)) // from a thread that had entered
            {
                return false; // and whoever has it now counts in our place
            }

            held = null;
            if (Active > Wanted && TryRetire())
            {
                return false;
            }

            if (ready.IsOneShot)
            {
                TryStayAlone();
            }
            else if (Wanted > 1)
            {
                ArmAll(oneShot: true); // the only one, between two turns: no loop is being driven
            }
        }

        Leave();
        return true;
    }

    /// <summary>
    /// A callback was slow, and there may be one carrier only: the others need not wait until the loop's turn is over, which may be long if more of its callbacks
    /// are. The loop's lease holder, or whoever has just taken it over.
    /// </summary>
    public void MakeRoom(int driven)
    {
        if (!ready.IsOneShot && _loops[driven].TryDisarm())
        {
            ArmAll(oneShot: true, _loops[driven]);
        }
    }

    /// <summary>Between two turns: if the others have left and none is wanted, none may come any more, and the only one is spared arming each loop after its turn.</summary>
    private void TryStayAlone()
    {
        if (Active > 1 || Wanted > 1)
        {
            return;
        }

        Uninterruptible.Enter(_gate);
        bool isAlone = _active == 1;
        ready.IsOneShot = !isAlone; // first: from here nobody enters
        Monitor.Exit(_gate);
        if (isAlone)
        {
            ArmAll(oneShot: false);
        }
    }

    private void ArmAll(bool oneShot, EventLoop? except = null)
    {
        foreach (EventLoop loop in _loops.Where(loop => loop != except && !loop.HasEnded))
        {
            loop.Arm(oneShot);
        }

        ready.IsOneShot = oneShot;
    }

    /// <summary>The next loop; <see langword="null"/> when all have ended, or when the outer instance can't be waited for any more: then all carriers leave.</summary>
    private EventLoop? Take(SpinPolicy spin, ref long lookedAt, out long since)
    {
        since = lookedAt;
        try
        {
            int loop;
            do
            {
                loop = ready.Take(spin, ref lookedAt, out since);
            }
            while (loop >= 0 && _loops[loop].HasEnded); // whoever has borrowed its instance delays the end of its reports

            return loop < 0 ? null : _loops[loop];
        }
#pragma warning disable CA1031 // Whatever it was: the group ends its listeners and the host.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Uninterruptible.Enter(_gate);
            _failure ??= exception;
            Monitor.Exit(_gate);
            return null;
        }
    }

    /// <summary>One that has entered is done, and the others shall be. The last one ends the loops that a failure has left, which nobody else can drive then.</summary>
    private void Leave()
    {
        ready.Leave();
        Uninterruptible.Enter(_gate);
        _ended = true;
        bool isLast = --_active == 0;
        Monitor.Exit(_gate);
        if (!isLast)
        {
            ready.Stop();
            return;
        }

        foreach (EventLoop loop in _loops.Where(static loop => !loop.HasEnded))
        {
            loop.End(_failure);
        }

        ready.Dispose();
    }

    private bool TryRetire()
    {
        Uninterruptible.Enter(_gate);
        bool retires = _active > Wanted;
        _active -= retires ? 1 : 0;
        Monitor.Exit(_gate);
        if (retires)
        {
            ready.Leave();
        }

        return retires;
    }
}

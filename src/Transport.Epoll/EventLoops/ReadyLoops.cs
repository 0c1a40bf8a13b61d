using System.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// The loops of a group that have something to do, for threads that drive whichever comes: one outer epoll instance that watches the loops' own. Where
/// several threads take loops, each loop is given to one only, since the kernel disarms it with the event that it reports (EPOLLONESHOT, epoll_ctl(2)), until
/// that thread arms it again, and the kernel looks then whether it has become ready meanwhile. One thread alone is spared that call.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ReadyLoops : IDisposable
{
    private const ulong StopToken = ulong.MaxValue;

    private readonly EpollInstance _epoll;
    private readonly EventFd _stop;

    // Threads that serve loops and don't sleep here. A thread that drives a loop counts, also while a callback holds it up.
    private int _awake;

    private volatile bool _isOneShot;

    // How often others have acted for sleepers since one of them woke up.
    private int _acted;

    public ReadyLoops(Kernel kernel)
    {
        _epoll = new EpollInstance(kernel);
        try
        {
            _stop = new EventFd(kernel);
            _epoll.Add(_stop.Number, EpollEvents.In, StopToken).ThrowIfFailed();
        }
        catch
        {
            _stop?.Dispose();
            _epoll.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether several threads may take loops, as <see cref="Arm"/> has said of each. The only thread that takes them writes, or who has just taken over the loop
    /// that it drove: last, when more may come; first, when none may.
    /// </summary>
    public bool IsOneShot
    {
        get => _isOneShot;
        set => _isOneShot = value;
    }

    /// <summary>Watches a loop's epoll instance, which holds next to nothing yet: adding it costs what walking its descriptors costs. One thread may take it.</summary>
    public void Add(int loop, EpollInstance epoll) => _epoll.Add(epoll.Number, EpollEvents.In, (ulong)loop).ThrowIfFailed();

    /// <summary>Reports a loop that nobody drives, each time that it becomes ready, or once.</summary>
    public void Arm(int loop, EpollInstance epoll, bool oneShot)
        => _epoll.Arm(epoll.Number, oneShot ? EpollEvents.In | EpollEvents.OneShot : EpollEvents.In, (ulong)loop);

    /// <summary>Reports a loop no more until it is armed: the calling thread drives it, and others may come.</summary>
    public bool TryDisarm(int loop, EpollInstance epoll) => _epoll.Modify(epoll.Number, EpollEvents.OneShot, (ulong)loop).IsOk;

    /// <summary>The calling thread, which has had the loop, is done with it.</summary>
    public void Release(int loop, EpollInstance epoll)
    {
        if (IsOneShot)
        {
            Arm(loop, epoll, oneShot: true);
        }
    }

    /// <summary>One more thread serves loops.</summary>
    public void Enter() => Interlocked.Increment(ref _awake);

    /// <summary>One less does.</summary>
    public void Leave() => Interlocked.Decrement(ref _awake);

    /// <summary>Waits for a loop that has something to do, and gives it to the calling thread, which has entered. The result is its number, or −1 when all loops have ended.</summary>
    /// <param name="spin">The calling thread's.</param>
    /// <param name="lookedAt">When it has looked for the last time; set to now, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="since">The loop has become ready after this: now if the thread has waited for it, else when it looked before.</param>
    public int Take(SpinPolicy spin, ref long lookedAt, out long since)
    {
        Span<EpollEvent> one = stackalloc EpollEvent[1]; // a second loop would wait for the first one's turn, though another thread may be free
        long start = Stopwatch.GetTimestamp();
        int count = spin.TryBegin() ? Spin(one, start, spin.Limit) : 0;
        bool sleeps = count == 0;
        while (count == 0)
        {
            count = Sleep(one);
        }

        long now = Stopwatch.GetTimestamp();
        since = spin.TryRecordGap(now - start, sleeps) ? now : lookedAt;
        lookedAt = now;
        return one[0].Token == StopToken ? -1 : (int)one[0].Token;
    }

    /// <summary>All loops have ended: one thread that waits is told, and tells the next.</summary>
    public void Stop() => _stop.Signal();

    /// <summary>Whether another thread may do a loop's work itself: while all that serve loops sleep, and at most twice in a row, as with <see cref="WorkQueue.TryActForSleeper"/>.</summary>
    public bool TryActForSleeper() => Volatile.Read(ref _awake) == 0 && Volatile.Read(ref _acted) < 2 && Interlocked.Increment(ref _acted) <= 2;

    public void Dispose()
    {
        _epoll.Dispose();
        _stop.Dispose();
    }

    private int Sleep(Span<EpollEvent> one)
    {
        Interlocked.Decrement(ref _awake);
        try
        {
            return _epoll.Wait(one, -1);
        }
        finally
        {
            Interlocked.Increment(ref _awake);
            Volatile.Write(ref _acted, 0);
        }
    }

    private int Spin(Span<EpollEvent> one, long start, long limit)
    {
        try
        {
            int count = _epoll.Wait(one, 0);
            while (count == 0 && Stopwatch.GetTimestamp() - start < limit)
            {
                Thread.Yield(); // as a loop with a thread of its own does
                count = _epoll.Wait(one, 0);
            }

            return count;
        }
        finally
        {
            SpinPolicy.End();
        }
    }
}

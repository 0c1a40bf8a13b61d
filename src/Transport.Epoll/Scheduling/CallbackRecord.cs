using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// What is known of one connection's callbacks: nothing yet, quick on the loop, or slow, so that they run on the pool. The way back to the loop
/// has a price, quick callbacks on the pool. It doubles when the last return did not pay, for a connection that blocks now and then holds up its loop
/// each time, and halves when it did. A new connection may begin on the pool, on trial, and has a low price to pay.
/// </summary>
/// <remarks>
/// Any thread reads. On the loop only the lease holder writes; on the pool whoever ran a callback compare-exchanges the state. The price is a guess that a
/// race may spoil, never where a callback runs.
/// </remarks>
internal sealed class CallbackRecord
{
    private const int Unknown = -2;
    private const int QuickOnLoop = -1;
    private const int MaxDearness = 7;

    /// <summary>So many quick callbacks make a connection one that is known.</summary>
    private const int Trial = 6;

    /// <summary>A return pays if at least so many times its price of callbacks run on the loop before the next slow one.</summary>
    private const int CallbacksThatPay = 20;

    // One of the two above, or, on the pool, the number of quick callbacks in a row.
    private int _state = Unknown;

    // 0: never slow, else how dear a return is, in doublings, from 1 on. Written by the lease holder when it moves the connection to the pool, and by the pool thread that finds it slow on trial.
    private int _dearness;

    // What the last return took; none: 0. Written by pool threads before the exchange that returns; the lease holder reads it.
    private int _price;

    // Quick callbacks since the last return. Lease holder only.
    private long _onLoop;

    /// <summary>Whether no callback has been timed.</summary>
    public bool IsUnknown => Volatile.Read(ref _state) == Unknown;

    public bool IsOnPool => Volatile.Read(ref _state) >= 0;

    /// <summary>Whether its latest callback on the loop was quick.</summary>
    public bool IsQuick => Volatile.Read(ref _state) == QuickOnLoop;

    /// <summary>Whether it has had but a few callbacks and was not slow before: what it does, other new ones will do. Lease holder only.</summary>
    public bool IsNewOnLoop => Volatile.Read(ref _state) < 0 && Volatile.Read(ref _price) == 0 && _onLoop < Trial;

    /// <summary>The number of quick callbacks that brings the connection back now, if it is <paramref name="first"/> the first time.</summary>
    public int Price(int first) => Volatile.Read(ref _dearness) is > 0 and int dearness ? first << (dearness - 1) : Trial;

    /// <summary>Whether it began on the pool, is still there and was never slow.</summary>
    public bool IsOnTrial => IsOnPool && Volatile.Read(ref _dearness) == 0;

    /// <summary>A connection of which nothing is known begins on the pool. Lease holder only.</summary>
    public void StartOnPool() => Volatile.Write(ref _state, 0);

    /// <summary>A callback on the pool was slow. True if the connection was on trial: it stays on the pool like any slow one.</summary>
    public bool TryFailTrial() => IsOnTrial && Interlocked.CompareExchange(ref _dearness, 1, 0) == 0;

    /// <summary>A callback on the loop was quick. Lease holder only.</summary>
    public void OnQuick()
    {
        _onLoop++;
        if (Volatile.Read(ref _state) == Unknown)
        {
            Interlocked.CompareExchange(ref _state, QuickOnLoop, Unknown);
        }
    }

    /// <summary>A callback was slow on its loop. False if the connection was on the pool already. Lease holder only.</summary>
    public bool TryMoveToPool()
    {
        int seen = Volatile.Read(ref _state);
        if (seen >= 0)
        {
            return false;
        }

        bool paid = _onLoop >= (long)Volatile.Read(ref _price) * CallbacksThatPay;
        Volatile.Write(ref _dearness, Math.Clamp(_dearness + (paid ? -1 : 1), 1, MaxDearness));
        _onLoop = 0;
        Volatile.Write(ref _state, 0); // on the loop, only the lease holder changes it
        return true;
    }

    /// <summary>A callback ran on the pool. True if that moved the connection to its loop: it was quick, and the last that the price asks for.</summary>
    public bool TryMoveToLoop(bool quick, int firstPrice)
    {
        int seen = Volatile.Read(ref _state);
        if (seen < 0)
        {
            return false;
        }

        int price = Price(firstPrice);
        int next = !quick ? 0 : seen + 1 < price ? seen + 1 : QuickOnLoop;
        if (next == QuickOnLoop)
        {
            Volatile.Write(ref _price, price);
        }

        return Interlocked.CompareExchange(ref _state, next, seen) == seen && next == QuickOnLoop; // a lost count only delays the return
    }
}

/// <summary>An owner whose callbacks the Auto mode times.</summary>
internal interface IMeasuredOwner : IApplicationItemOwner
{
    /// <summary>How they behaved.</summary>
    CallbackRecord Callbacks { get; }
}

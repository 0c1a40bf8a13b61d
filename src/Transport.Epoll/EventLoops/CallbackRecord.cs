namespace Transport.Epoll.EventLoops;

/// <summary>What is known of one connection's callbacks: nothing yet, quick on the loop, or slow, so that they run on the pool.</summary>
/// <remarks>Any thread: one word, compare-exchanged; whoever brings the connection back counts that.</remarks>
internal sealed class CallbackRecord
{
    private const int Unknown = -2;
    private const int QuickOnLoop = -1;

    // One of the two above, or, on the pool, the number of quick callbacks in a row.
    private int _state = Unknown;

    /// <summary>Each return makes the next one dearer, up to 64 times: what a connection that blocks now and then costs its loop gets rarer.</summary>
    private const int MaxDoublings = 6;

    // Written by the thread that moves the connection back.
    private int _returns;

    public bool IsOnPool => Volatile.Read(ref _state) >= 0;

    /// <summary>Whether its latest callback on the loop was quick.</summary>
    public bool IsQuick => Volatile.Read(ref _state) == QuickOnLoop;

    /// <summary>A callback on the loop was quick.</summary>
    public void OnQuick()
    {
        if (Volatile.Read(ref _state) == Unknown)
        {
            Interlocked.CompareExchange(ref _state, QuickOnLoop, Unknown);
        }
    }

    /// <summary>A callback was slow on its loop. False if the connection was on the pool already.</summary>
    public bool TryMoveToPool()
    {
        int seen = Volatile.Read(ref _state);
        return seen < 0 && Interlocked.CompareExchange(ref _state, 0, seen) == seen; // a race with OnQuick: the next slow one moves it
    }

    /// <summary>How many quick callbacks in a row bring the connection back now, if so many do the first time.</summary>
    public int Enough(int firstTime) => firstTime << Math.Min(Volatile.Read(ref _returns), MaxDoublings);

    /// <summary>A callback ran on the pool. True if that moved the connection back to its loop: it was the last of <paramref name="enough"/> quick ones.</summary>
    public bool TryMoveToLoop(bool quick, int enough)
    {
        int seen = Volatile.Read(ref _state);
        if (seen < 0)
        {
            return false;
        }

        int next = !quick ? 0 : seen + 1 < enough ? seen + 1 : QuickOnLoop;
        if (Interlocked.CompareExchange(ref _state, next, seen) != seen || next != QuickOnLoop) // a lost count only delays the return
        {
            return false;
        }

        Volatile.Write(ref _returns, _returns + 1);
        return true;
    }
}

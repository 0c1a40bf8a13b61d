namespace Transport.Epoll.EventLoops;

/// <summary>What is known of one connection's callbacks: nothing yet, quick on the loop, or slow, so that they run on the pool.</summary>
/// <remarks>Any thread: one word, compare-exchanged.</remarks>
internal sealed class CallbackRecord
{
    private const int Unknown = -2;
    private const int QuickOnLoop = -1;

    // One of the two above, or, on the pool, the number of quick callbacks in a row.
    private int _state = Unknown;

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

    /// <summary>A callback ran on the pool. True if that moved the connection back to its loop: it was the last of <paramref name="enough"/> quick ones.</summary>
    public bool TryMoveToLoop(bool quick, int enough)
    {
        int seen = Volatile.Read(ref _state);
        if (seen < 0)
        {
            return false;
        }

        int next = !quick ? 0 : seen + 1 < enough ? seen + 1 : QuickOnLoop;
        return Interlocked.CompareExchange(ref _state, next, seen) == seen && next == QuickOnLoop; // a lost count only delays the return
    }
}

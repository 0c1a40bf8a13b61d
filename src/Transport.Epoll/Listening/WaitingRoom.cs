namespace Transport.Epoll.Listening;

/// <summary>
/// Counts the connections that are accepted and not yet handed out. Once it is full it stays closed, for all acceptors alike, until it is half empty: otherwise one that goes on
/// could take each place that comes free, and another that was held up would wait for ever.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class WaitingRoom(int size)
{
    // The count, times two; plus one while the room is closed. One word, so that nobody closes a room that was emptied meanwhile.
    private int _state;

    /// <summary>How many wait.</summary>
    public int Count => Volatile.Read(ref _state) >> 1;

    public bool IsOpen => (Volatile.Read(ref _state) & 1) == 0;

    public void Enter()
    {
        int seen = Volatile.Read(ref _state);
        while (true)
        {
            int next = (seen + 2) | ((seen >> 1) + 1 >= size ? 1 : 0);
            int found = Interlocked.CompareExchange(ref _state, next, seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    /// <returns>Whether the room is open again: acceptors that are held up may go on.</returns>
    public bool Leave()
    {
        int seen = Volatile.Read(ref _state);
        while (true)
        {
            int next = seen - 2;
            bool opens = (next & 1) != 0 && next >> 1 <= size / 2;
            next = opens ? next & ~1 : next;
            int found = Interlocked.CompareExchange(ref _state, next, seen);
            if (found == seen)
            {
                return opens;
            }

            seen = found;
        }
    }
}

namespace Transport.Epoll.EventLoops;

/// <summary>
/// The loops that all endpoints of a factory share. They live while somebody holds a reference (each listener and each connection has one);
/// with the last one they end, for good.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class EventLoopGroup
{
    private readonly EventLoop[] _loops;
    private readonly Action _onEnded;
    private int _references = 1;

    /// <summary>Starts <paramref name="count"/> loops. The caller has the first reference.</summary>
    /// <param name="count">The number of loops.</param>
    /// <param name="createLoop">Makes loop number i of the group; a loop that can't go on calls the action.</param>
    /// <param name="onEnded">Called once, by whoever gave back the last reference.</param>
    public EventLoopGroup(int count, Func<int, Action<Exception>, EventLoop> createLoop, Action onEnded)
    {
        _onEnded = onEnded;
        _loops = new EventLoop[count];
        int started = 0;
        try
        {
            for (; started < count; started++)
            {
                _loops[started] = createLoop(started, OnLoopFailed);
                _loops[started].Start();
            }
        }
        catch
        {
            for (int i = 0; i < started; i++)
            {
                _loops[i].Stop();
            }

            throw;
        }
    }

    /// <summary>A loop can't go on. Raised once per such loop, by its former driver.</summary>
    public event Action<Exception>? Failed;

    public ReadOnlySpan<EventLoop> Loops => _loops;

    /// <summary>The loop with the fewest connections.</summary>
    public EventLoop LeastLoaded()
    {
        EventLoop least = _loops[0];
        foreach (EventLoop loop in _loops)
        {
            if (loop.ConnectionCount < least.ConnectionCount)
            {
                least = loop;
            }
        }

        return least;
    }

    /// <summary>Takes a reference, unless the group has ended.</summary>
    public bool TryAddReference()
    {
        int seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            int found = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (found == seen)
            {
                return true;
            }

            seen = found;
        }

        return false;
    }

    /// <summary>Tells that a loop can't go on.</summary>
    public void OnLoopFailed(Exception exception) => Failed?.Invoke(exception);

    /// <summary>Gives a reference back.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            foreach (EventLoop loop in _loops)
            {
                loop.Stop();
            }

            _onEnded();
        }
    }
}

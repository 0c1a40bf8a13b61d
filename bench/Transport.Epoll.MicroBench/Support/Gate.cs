namespace Transport.Epoll.MicroBench.Support;

/// <summary>Lets one thread through for each time that another opens it. For waits that are long enough to sleep.</summary>
internal sealed class Gate
{
    private readonly object _lock = new();
    private bool _open;

    public void Open()
    {
        lock (_lock)
        {
            _open = true;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Waits until the gate is open, and closes it. False after <paramref name="limit"/>.</summary>
    public bool TryPass(TimeSpan limit)
    {
        lock (_lock)
        {
            while (!_open)
            {
                if (!Monitor.Wait(_lock, limit))
                {
                    return false;
                }
            }

            _open = false;
            return true;
        }
    }
}

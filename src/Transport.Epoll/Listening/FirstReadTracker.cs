using System.Diagnostics;
using Transport.Epoll.Connections;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Listening;

/// <summary>
/// The accepted connections whose first bytes the application has not consumed yet. A listener that stops waits for the recent ones.
/// </summary>
/// <remarks>Any thread, under its own lock.</remarks>
internal sealed class FirstReadTracker
{
    private readonly Dictionary<EpollConnection, long> _acceptedAt = [];

    public void Add(EpollConnection connection)
    {
        Uninterruptible.Enter(_acceptedAt);
        try
        {
            _acceptedAt.Add(connection, Stopwatch.GetTimestamp());
        }
        finally
        {
            Monitor.Exit(_acceptedAt);
        }
    }

    public void Remove(EpollConnection connection)
    {
        Uninterruptible.Enter(_acceptedAt); // the application's thread: an interruption that it has pending must not keep the entry here
        try
        {
            if (_acceptedAt.Remove(connection))
            {
                Monitor.PulseAll(_acceptedAt);
            }
        }
        finally
        {
            Monitor.Exit(_acceptedAt);
        }
    }

    /// <summary>Blocks until all connections accepted within <paramref name="bound"/> before the call, or since, have been read from; at most <paramref name="bound"/>.</summary>
    public void Wait(TimeSpan bound)
    {
        long start = Stopwatch.GetTimestamp();
        long recent = start - (long)(bound.TotalSeconds * Stopwatch.Frequency);
        lock (_acceptedAt)
        {
            while (_acceptedAt.Values.Any(acceptedAt => acceptedAt >= recent))
            {
                TimeSpan left = bound - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_acceptedAt, left))
                {
                    return;
                }
            }
        }
    }
}

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
    /// <summary>How long after it was accepted a connection is waited for of which nothing has come: it may be one that never sends.</summary>
    public static readonly TimeSpan SilentBound = TimeSpan.FromMilliseconds(250);

    /// <summary>The same for one whose bytes nobody has consumed yet: they are a request, as a rule, that a busy machine has not come to.</summary>
    public static readonly TimeSpan UnreadBound = TimeSpan.FromSeconds(2);

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

    /// <summary>Blocks until each connection has been read from, or the time in which it is waited for is over.</summary>
    public void Wait()
    {
        lock (_acceptedAt)
        {
            while (Left() is var left && left > TimeSpan.Zero)
            {
                Monitor.Wait(_acceptedAt, left);
            }
        }
    }

    private TimeSpan Left()
    {
        TimeSpan longest = TimeSpan.Zero;
        foreach ((EpollConnection connection, long acceptedAt) in _acceptedAt)
        {
            TimeSpan left = (connection.Facts.IsUnread ? UnreadBound : SilentBound) - Stopwatch.GetElapsedTime(acceptedAt);
            longest = left > longest ? left : longest;
        }

        return longest;
    }
}

using Microsoft.AspNetCore.Connections;
using Transport.Epoll;

namespace Sample.Web.Figures;

/// <summary>
/// Counts the open connections and sees which transport they come from: the one that was asked for, unless it had to step aside.
/// Called once per connection, never per request. Any thread.
/// </summary>
internal sealed class ConnectionMonitor
{
    private int _open;
    private volatile bool _servedByEpoll;

    public int Open => Volatile.Read(ref _open);

    /// <summary>Whether the latest connection came through the epoll transport.</summary>
    public bool ServedByEpoll => _servedByEpoll;

    public ConnectionDelegate Watch(ConnectionDelegate next)
    {
        return async connection =>
        {
            _servedByEpoll = connection.GetType().Assembly == typeof(EpollTransportOptions).Assembly;
            Interlocked.Increment(ref _open);
            try
            {
                await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref _open);
            }
        };
    }
}

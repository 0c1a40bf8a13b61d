using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>
/// Shuts a connection down, once: the first reason wins. No reason, or the switch to FIN, sends FIN; a reason sends RST at once, and never
/// FIN before it, which would make a truncated response look complete.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ConnectionShutdown(ConnectionSettings settings, FileDescriptor descriptor, bool isUnix)
{
    // First writer wins (compare-exchange), any thread reads.
    private Exception? _reason;

    /// <summary>Why the connection was shut down; <see langword="null"/> while it was not.</summary>
    public Exception? Reason => Volatile.Read(ref _reason);

    public void Begin(Exception? reason, ConnectionContext connection)
    {
        // Taken before the reason is published: whoever sees the reason may end both pumps, and the descriptor must not close before the reset.
        bool borrowed = descriptor.TryBorrow();
        Exception first = reason ?? new ConnectionAbortedException("The epoll transport's send loop completed gracefully.");
        if (Interlocked.CompareExchange(ref _reason, first, null) is null)
        {
            bool reset = reason is not null && !settings.FinOnError;
            Log(reset, first, connection);

            // Connecting a TCP socket to AF_UNSPEC dissolves the connection with RST and keeps the descriptor open (connect(2)).
            if (borrowed && (!reset || isUnix || !settings.Kernel.Connect(descriptor.Number, SocketAddresses.Unspecified).IsOk))
            {
                settings.Kernel.ShutdownBoth(descriptor.Number);
            }
        }

        if (borrowed)
        {
            descriptor.Return();
        }
    }

    private void Log(bool reset, Exception reason, ConnectionContext connection)
    {
        if (!settings.Logger.IsEnabled(LogLevel.Debug))
        {
            return;
        }

        if (reset)
        {
            EpollTransportLog.ConnectionWriteRst(settings.Logger, connection.ConnectionId, reason.Message);
        }
        else
        {
            EpollTransportLog.ConnectionWriteFin(settings.Logger, connection.ConnectionId, reason.Message);
        }
    }
}

using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>
/// Shuts a connection down, once: the first reason wins. No reason, or the switch to FIN, sends FIN; a reason sends RST at once (or, where the kernel refuses, when
/// the descriptor is closed), and never FIN before it, which would make a truncated response look complete.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ConnectionShutdown(ConnectionSettings settings, FileDescriptor descriptor, bool isUnix, ConnectionFacts facts)
{
    // First writer wins (compare-exchange), any thread reads.
    private Exception? _reason;

    /// <summary>Why the connection was shut down; <see langword="null"/> while it was not.</summary>
    public Exception? Reason => Volatile.Read(ref _reason);

    public void Begin(Exception? reason, ConnectionContext connection)
    {
        // Taken before the reason is published: whoever sees the reason may end both pumps, and the descriptor must not close before the reset.
        bool borrowed = descriptor.TryBorrow();
        try
        {
            Exception first = reason ?? new ConnectionAbortedException("The epoll transport's send loop completed gracefully.");
            if (Interlocked.CompareExchange(ref _reason, first, null) is null)
            {
                facts.OnEnding(reason is null ? ConnectionEnd.ServerClosed : ConnectionEnd.Aborted); // a failed call has said so before
                bool reset = reason is not null && !settings.FinOnError;
                Log(borrowed ? End(reset) : reset, first, connection);
            }
        }
        finally
        {
            if (borrowed)
            {
                descriptor.Return();
            }
        }
    }

    /// <summary>Ends both directions; whether the peer gets a reset.</summary>
    private bool End(bool reset)
    {
        if (reset && !isUnix)
        {
            // Connecting a TCP socket to AF_UNSPEC dissolves the connection with RST and keeps the descriptor open (connect(2)). Where that is
            // refused, as in gVisor, closing without lingering resets (socket(7), SO_LINGER): the loop does so when the pumps have ended.
            if (settings.Kernel.Connect(descriptor.Number, SocketAddresses.Unspecified).IsOk
                || settings.Kernel.SetLinger(descriptor.Number, on: true, seconds: 0).IsOk)
            {
                return true;
            }

            reset = false;
        }

        settings.Kernel.ShutdownBoth(descriptor.Number);
        return reset; // a unix socket knows no reset; the log calls it one, as that of Kestrel's own transport does
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

using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>What a failure of a pump means to whoever uses the connection; logged here, once.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class SocketFailures
{
    /// <summary>A call failed; <see langword="null"/> if we ended the connection ourselves, for its reason is known then.</summary>
    public static IOException? Explain(SysResult failure, EpollConnection connection, ILogger logger)
    {
        if (connection.ShutdownReason is not null)
        {
            return null;
        }

        connection.Facts.OnEnding(failure.IsReset ? ConnectionEnd.PeerReset : ConnectionEnd.Error);
        var inner = failure.ToException();
        if (!failure.IsReset)
        {
            IOException error = new(inner.Message, inner);
            LogError(error, connection, logger);
            return error;
        }

        if (logger.IsEnabled(LogLevel.Debug))
        {
            EpollTransportLog.ConnectionReset(logger, connection.ConnectionId);
        }

        return new ConnectionResetException(inner.Message, inner);
    }

    /// <summary>Something threw, the exception that the application completed its output with perhaps: it is handed on as it is.</summary>
    public static void LogError(Exception exception, EpollConnection connection, ILogger logger)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            EpollTransportLog.ConnectionError(logger, connection.ConnectionId, exception);
        }
    }
}

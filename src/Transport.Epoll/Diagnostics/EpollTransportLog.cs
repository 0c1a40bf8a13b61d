using Microsoft.Extensions.Logging;

namespace Transport.Epoll.Diagnostics;

/// <summary>The log messages of the transport. Ids 4 to 19 and their names are those of Kestrel's socket transport: filters keep working.</summary>
/// <remarks>Any thread; a loop's thread only through <see cref="OffLoopLogger"/>.</remarks>
internal static partial class EpollTransportLog
{
    public const string Category = "Transport.Epoll";

    [LoggerMessage(4, LogLevel.Debug, @"Connection id ""{ConnectionId}"" paused.", EventName = "ConnectionPause", SkipEnabledCheck = true)]
    public static partial void ConnectionPause(ILogger logger, string connectionId);

    [LoggerMessage(5, LogLevel.Debug, @"Connection id ""{ConnectionId}"" resumed.", EventName = "ConnectionResume", SkipEnabledCheck = true)]
    public static partial void ConnectionResume(ILogger logger, string connectionId);

    [LoggerMessage(6, LogLevel.Debug, @"Connection id ""{ConnectionId}"" received FIN.", EventName = "ConnectionReadFin", SkipEnabledCheck = true)]
    public static partial void ConnectionReadFin(ILogger logger, string connectionId);

    [LoggerMessage(7, LogLevel.Debug, @"Connection id ""{ConnectionId}"" sending FIN because: ""{Reason}""", EventName = "ConnectionWriteFin", SkipEnabledCheck = true)]
    public static partial void ConnectionWriteFin(ILogger logger, string connectionId, string reason);

    [LoggerMessage(8, LogLevel.Debug, @"Connection id ""{ConnectionId}"" sending RST because: ""{Reason}""", EventName = "ConnectionWriteRst", SkipEnabledCheck = true)]
    public static partial void ConnectionWriteRst(ILogger logger, string connectionId, string reason);

    [LoggerMessage(14, LogLevel.Debug, @"Connection id ""{ConnectionId}"" communication error.", EventName = "ConnectionError", SkipEnabledCheck = true)]
    public static partial void ConnectionError(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(19, LogLevel.Debug, @"Connection id ""{ConnectionId}"" reset.", EventName = "ConnectionReset", SkipEnabledCheck = true)]
    public static partial void ConnectionReset(ILogger logger, string connectionId);

    [LoggerMessage(30, LogLevel.Warning, "{EndPoint}: accepting is held up: {Error}. The queued connections wait; the next try comes within {Milliseconds} ms. "
        + "Raise the limit of open descriptors (RLIMIT_NOFILE) or lower the number of connections.", EventName = "AcceptExhausted")]
    public static partial void AcceptExhausted(ILogger logger, string endPoint, string error, int milliseconds);

    [LoggerMessage(31, LogLevel.Error, @"Connection id ""{ConnectionId}"": an application callback threw on its loop.", EventName = "CallbackFailed")]
    public static partial void CallbackFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(32, LogLevel.Critical, "An event loop has ended; the endpoints of this transport are closed and the host is stopped.", EventName = "LoopEnded")]
    public static partial void LoopEnded(ILogger logger, Exception exception);

    [LoggerMessage(33, LogLevel.Error, "A loop item failed.", EventName = "LoopItemFailed")]
    public static partial void LoopItemFailed(ILogger logger, Exception exception);

    [LoggerMessage(34, LogLevel.Warning, "The epoll transport is not available, the next registered transport serves the endpoints: {Reason}", EventName = "NotAvailable")]
    public static partial void NotAvailable(ILogger logger, string reason);
}

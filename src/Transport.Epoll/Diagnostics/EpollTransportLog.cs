using System.Security.Authentication;
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

    [LoggerMessage(20, LogLevel.Information, "Serving with epoll: loops {Loops}, scheduling {Scheduling}, sharding {Sharding}, backlog {Backlog}, open descriptors at most {DescriptorLimit} "
        + "(soft RLIMIT_NOFILE).", EventName = "Serving")]
    public static partial void Serving(ILogger logger, int loops, string scheduling, string sharding, string backlog, string descriptorLimit);

    [LoggerMessage(21, LogLevel.Warning, "The configuration has {Key}, which is no option of the epoll transport and has no effect. Was {Nearest} meant?", EventName = "UnknownOption")]
    public static partial void UnknownOption(ILogger logger, string key, string nearest);

    [LoggerMessage(30, LogLevel.Warning, "{EndPoint}: accepting is held up: {Error}. The queued connections wait; the next try comes within {Milliseconds} ms. "
        + "Raise the limit of open descriptors (RLIMIT_NOFILE) or lower the number of connections.", EventName = "AcceptExhausted", SkipEnabledCheck = true)]
    public static partial void AcceptExhausted(ILogger logger, string endPoint, string error, int milliseconds);

    [LoggerMessage(31, LogLevel.Error, @"Connection id ""{ConnectionId}"": an application callback threw on its loop.", EventName = "CallbackFailed", SkipEnabledCheck = true)]
    public static partial void CallbackFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(32, LogLevel.Critical, "An event loop has ended; the endpoints of this transport are closed and the host is stopped.", EventName = "LoopEnded", SkipEnabledCheck = true)]
    public static partial void LoopEnded(ILogger logger, Exception exception);

    [LoggerMessage(33, LogLevel.Error, "A loop item failed.", EventName = "LoopItemFailed", SkipEnabledCheck = true)]
    public static partial void LoopItemFailed(ILogger logger, Exception exception);

    [LoggerMessage(34, LogLevel.Warning, "The epoll transport is not available, the next registered transport serves the endpoints: {Reason}", EventName = "NotAvailable", SkipEnabledCheck = true)]
    public static partial void NotAvailable(ILogger logger, string reason);

    [LoggerMessage(35, LogLevel.Warning, @"Connection id ""{ConnectionId}"" ({Description}): a callback on thread {ThreadId} has held up {Loop} for {Milliseconds:F0} ms; another thread drives the loop on, and the "
        + "connection's callbacks run on the thread pool. Code that blocks (Task.Wait, Task.Result, Thread.Sleep, synchronous I/O) is better awaited.", EventName = "TakenOver", SkipEnabledCheck = true)]
    public static partial void TakenOver(ILogger logger, string loop, string connectionId, string description, int threadId, double milliseconds);

    [LoggerMessage(36, LogLevel.Debug, @"Connection id ""{ConnectionId}"": a callback took {Milliseconds:F1} ms on its loop; the next ones run on the thread pool. "
        + "Code that blocks is better awaited.", EventName = "MovedToPool", SkipEnabledCheck = true)]
    public static partial void MovedToPool(ILogger logger, string connectionId, double milliseconds);

    [LoggerMessage(37, LogLevel.Debug, @"Connection id ""{ConnectionId}"": {Count} quick callbacks in a row; the next ones run on its loop again.", EventName = "MovedToLoop", SkipEnabledCheck = true)]
    public static partial void MovedToLoop(ILogger logger, string connectionId, int count);

    [LoggerMessage(40, LogLevel.Error, "{Loop}: the transport's own code has held up the loop for {Seconds:F0} s. Its connections wait. This is a defect of the transport.", EventName = "LoopStuck", SkipEnabledCheck = true)]
    public static partial void LoopStuck(ILogger logger, string loop, double seconds);

    [LoggerMessage(41, LogLevel.Warning, "A standby thread could not be started: {Error} While none is in reserve for each loop, callbacks run on the thread pool; "
        + "tries go on, silently, until one works. Raise the limit of threads (RLIMIT_NPROC, pids.max of the control group) or of memory.", EventName = "StandbyNotStarted", SkipEnabledCheck = true)]
    public static partial void StandbyNotStarted(ILogger logger, string error);

    [LoggerMessage(42, LogLevel.Warning, "Callbacks hold up so many standby threads, of {Count} that there may be, that none is in reserve for each loop. Until some return, "
        + "callbacks run on the thread pool. The warnings with id 35 named connections that held up a loop; others are held up on threads that were lent to the pool.", EventName = "StandbysExhausted", SkipEnabledCheck = true)]
    public static partial void StandbysExhausted(ILogger logger, int count);

    [LoggerMessage(43, LogLevel.Debug, "A standby thread was started; there are {Standbys}.", EventName = "StandbyStarted", SkipEnabledCheck = true)]
    public static partial void StandbyStarted(ILogger logger, int standbys);

    [LoggerMessage(44, LogLevel.Debug, "A standby thread has waited long enough and ends; {Standbys} are left.", EventName = "StandbyEnded", SkipEnabledCheck = true)]
    public static partial void StandbyEnded(ILogger logger, int standbys);

    [LoggerMessage(45, LogLevel.Debug, @"Connection id ""{ConnectionId}"" ({Description}): a callback on thread {ThreadId} has held up {Loop} for {Milliseconds:F0} ms, soon after the last warning.",
        EventName = "TakenOverAgain", SkipEnabledCheck = true)]
    public static partial void TakenOverAgain(ILogger logger, string loop, string connectionId, string description, int threadId, double milliseconds);

    [LoggerMessage(48, LogLevel.Information, "The epoll transport has no use for these options of UseSockets, which were changed: {Options}.", EventName = "SocketOptionsIgnored")]
    public static partial void SocketOptionsIgnored(ILogger logger, string options);

    [LoggerMessage(60, LogLevel.Debug, @"Connection id ""{ConnectionId}"": the TLS handshake failed.", EventName = "AuthenticationFailed")]
    public static partial void AuthenticationFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(61, LogLevel.Debug, @"Connection id ""{ConnectionId}"": the TLS handshake was not complete in time.", EventName = "AuthenticationTimedOut")]
    public static partial void AuthenticationTimedOut(ILogger logger, string connectionId);

    [LoggerMessage(62, LogLevel.Debug, @"Connection id ""{ConnectionId}"" speaks {Protocol}.", EventName = "HttpsConnectionEstablished", SkipEnabledCheck = true)]
    public static partial void HttpsConnectionEstablished(ILogger logger, string connectionId, SslProtocols protocol);
}

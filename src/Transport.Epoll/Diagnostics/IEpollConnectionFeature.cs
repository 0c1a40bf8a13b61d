namespace Transport.Epoll.Diagnostics;

/// <summary>
/// What the epoll transport knows of one connection. It is among the connection's features (<c>ConnectionContext.Features</c>), and so among those of an <c>HttpContext</c>, where
/// requests of one HTTP/2 connection share it; where another transport serves, there is none. Any thread may read it, also after the connection has ended.
/// </summary>
public interface IEpollConnectionFeature
{
    /// <summary>The number of the loop that serves the connection, from 0.</summary>
    int LoopIndex { get; }

    /// <summary>When the connection was accepted.</summary>
    DateTimeOffset AcceptedAt { get; }

    /// <summary>Bytes received so far, as they came from the socket (of TLS: encrypted ones).</summary>
    long BytesReceived { get; }

    /// <summary>Bytes that the socket has taken so far.</summary>
    long BytesSent { get; }

    /// <summary>How long reading has been paused so far, because the application had not read what <c>MaxReadBufferSize</c> allows.</summary>
    TimeSpan ReadingPaused { get; }

    /// <summary>How long sending has waited so far for a peer that did not take what was sent.</summary>
    TimeSpan WritingPaused { get; }

    /// <summary>
    /// What the connection is used for, as the application likes to call it, such as the display name of the endpoint that serves the request. A take-over's log line, its event and
    /// <see cref="EpollDiagnostics"/> name it. <see langword="null"/> until the application sets it.
    /// </summary>
    string? Description { get; set; }

    /// <summary>Asks the kernel how the TCP connection does, a system call (TCP_INFO, tcp(7)).</summary>
    /// <returns><see langword="null"/> for a unix socket, after the connection has ended, and where the kernel does not say.</returns>
    EpollTcpInfo? GetTcpInfo();

    /// <summary>Asks the kernel who connected to the unix socket, a system call (SO_PEERCRED, unix(7)).</summary>
    /// <returns><see langword="null"/> for TCP, and after the connection has ended.</returns>
    EpollPeerCredentials? GetPeerCredentials();
}

namespace Transport.Epoll;

/// <summary>How the loops share the listening sockets of an endpoint.</summary>
public enum ListenerSharding
{
    /// <summary>One listening socket per endpoint; its connections are spread over the loops by their load.</summary>
    SharedSocket,

    /// <summary>One listening socket per loop and endpoint; the kernel spreads the connections (SO_REUSEPORT, socket(7)).</summary>
    SocketPerLoop,
}

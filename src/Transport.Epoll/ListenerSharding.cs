namespace Transport.Epoll;

/// <summary>How the loops share the listening sockets of an endpoint.</summary>
public enum ListenerSharding
{
    /// <summary>One listening socket per endpoint, on one of the loops; its connections are spread over all loops by their load. The port is exclusive.</summary>
    SharedSocket,

    /// <summary>
    /// One listening socket per loop and endpoint; the kernel spreads the connections (SO_REUSEPORT, socket(7)). A second process of this transport, or one without SO_REUSEPORT, is refused the
    /// port; one of the same user that sets SO_REUSEPORT is not, and gets its share of the connections, or all of a more specific address: the kernel offers no way to keep it out.
    /// </summary>
    SocketPerLoop,
}

namespace Transport.Epoll.Connections;

/// <summary>Who made a connection and wants to know how it gets on: its listener.</summary>
internal interface IConnectionOwner
{
    /// <summary>The application consumed the first bytes, or never will. Any thread, once.</summary>
    void OnFirstBytesConsumed(EpollConnection connection);

    /// <summary>The connection's descriptor is free again. Any thread, once.</summary>
    void OnDescriptorClosed();

    /// <summary>The connection has ended and nobody uses its buffers or its loop any more. Any thread, once.</summary>
    void OnDisposed();
}

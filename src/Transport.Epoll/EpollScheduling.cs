namespace Transport.Epoll;

/// <summary>Where the application's callbacks run.</summary>
public enum EpollScheduling
{
    /// <summary>
    /// Always on the loop thread that received the data: the cheapest way, for handlers that never block.
    /// A handler that blocks holds up every connection of its loop; one that waits for its own request body never ends.
    /// </summary>
    Inline,

    /// <summary>Always on the thread pool, as with Kestrel's default transport: safe for handlers that block.</summary>
    ThreadPool,
}

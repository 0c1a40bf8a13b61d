namespace Transport.Epoll;

/// <summary>Where the application's callbacks run.</summary>
public enum EpollScheduling
{
    /// <summary>
    /// On the loop thread that received the data, for as long as callbacks are short. A loop that a callback holds up is taken over by another
    /// thread, and connections whose callbacks are slow run theirs on the thread pool until they are quick again (<see cref="AutoSchedulingOptions"/>).
    /// </summary>
    Auto,

    /// <summary>
    /// Always on the loop thread that received the data: the cheapest way, for handlers that never block.
    /// A handler that blocks holds up every connection of its loop; one that waits for its own request body waits in vain
    /// until something else ends it, such as Kestrel's minimum data rate after 5 s.
    /// </summary>
    Inline,

    /// <summary>Always on the thread pool, as with Kestrel's default transport: safe for handlers that block.</summary>
    ThreadPool,
}

namespace Transport.Epoll.Listening;

/// <summary>What a drain found, in the order in which it matters.</summary>
internal enum DrainResult
{
    /// <summary>Nothing was queued.</summary>
    WasEmpty,

    /// <summary>Something was, and is accepted.</summary>
    Accepted,

    /// <summary>Something may be, but can't be accepted now.</summary>
    Held,
}

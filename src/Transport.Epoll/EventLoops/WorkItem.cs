namespace Transport.Epoll.EventLoops;

/// <summary>
/// A callback for a loop. With an owner it is an application item, which can reach user code and runs at the top of the loop's stack;
/// without one it is a loop item, which touches loop state and reaches no user code.
/// </summary>
internal readonly record struct WorkItem(Action<object?> Callback, object? State, IApplicationItemOwner? Owner);

/// <summary>Whoever application items belong to: one connection.</summary>
internal interface IApplicationItemOwner
{
    /// <summary>For messages about its callbacks.</summary>
    string ConnectionId { get; }

    /// <summary>How its callbacks behaved.</summary>
    CallbackRecord Callbacks { get; }

    /// <summary>An application item of this owner threw: it costs the owner, never the loop. Must not throw.</summary>
    void OnCallbackFailed(Exception exception);
}

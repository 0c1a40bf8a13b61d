namespace Transport.Epoll.EventLoops;

/// <summary>
/// A callback for a loop. With an owner it is an application item, which can reach user code and runs at the top of the loop's stack;
/// without one it is a loop item, which touches loop state and reaches no user code.
/// </summary>
internal readonly record struct WorkItem(Action<object?> Callback, object? State, IApplicationItemOwner? Owner)
{
    /// <summary>Runs an application item, on whatever thread: an exception costs its owner's connection, never the loop or the process.</summary>
    public void RunForOwner()
    {
        try
        {
            Callback(State);
        }
#pragma warning disable CA1031 // The owner is told, and ends its connection for it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Owner!.OnCallbackFailed(exception);
        }

        PendingInterruption.TakeOff();
    }

    /// <summary>Runs a loop item, which reports its own failures; whatever else comes must end neither the loop nor the process.</summary>
    public void RunForLoop(Action<Exception> onFault)
    {
        try
        {
            Callback(State);
        }
#pragma warning disable CA1031 // It is reported.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            onFault(exception);
        }
    }
}

/// <summary>Whoever application items belong to: one connection.</summary>
internal interface IApplicationItemOwner
{
    /// <summary>For messages about its callbacks.</summary>
    string ConnectionId { get; }

    /// <summary>What the application says that it does, if it says so.</summary>
    string? Description => null;

    /// <summary>An application item of this owner threw: it costs the owner, never the loop or the process. Any thread; must not throw.</summary>
    void OnCallbackFailed(Exception exception);
}

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Decides where the application items of one loop run, and is told how long they took. Without one all of them run on the loop, and nobody takes the
/// loop over.
/// </summary>
/// <remarks>Lease holder only, except for <see cref="OnReturned"/>.</remarks>
internal interface ICallbackPolicy
{
    /// <summary>The calling thread begins to drive the loop, for one turn or for many.</summary>
    void OnDriver();

    /// <summary>A wait for events is over, and the lease says so.</summary>
    void OnAwake();

    /// <summary>Before the items of a turn run.</summary>
    /// <returns>When the first of them begins, in ticks of <see cref="System.Diagnostics.Stopwatch"/>: not before <paramref name="now"/>.</returns>
    long OnTurn(long now);

    /// <summary>All items of a turn have had their turn.</summary>
    void OnTurnEnd();

    /// <summary>Whether the owner's next item may run on the loop.</summary>
    bool MayRunInline(IApplicationItemOwner owner);

    /// <summary>Takes an item that may not.</summary>
    void RunOnPool(in WorkItem item);

    /// <summary>An item ran on the loop, from one timestamp to the other.</summary>
    void OnRan(IApplicationItemOwner owner, long start, long end);

    /// <summary>The loop was taken over from an item that began at <paramref name="start"/>, perhaps with others queued behind it. The new holder.</summary>
    void OnTakenOver(IApplicationItemOwner? owner, long start, bool othersWait, int threadId);

    /// <summary>The item from which the loop was taken over, at <paramref name="word"/> of its lease, has returned. The former holder.</summary>
    void OnReturned(long word);
}

namespace Transport.Epoll.Diagnostics;

/// <summary>A loop, for whoever observes it.</summary>
/// <remarks>Any thread: hints, which stop nothing.</remarks>
internal interface IObservedLoop
{
    LoopCounters Counters { get; }

    /// <summary>What it does now, with <paramref name="window"/>'s figures.</summary>
    EpollLoopSnapshot Capture(LoopWindow window);

    /// <summary>How many ticks of <see cref="System.Diagnostics.Stopwatch"/> the callback has run that runs now; 0 while none does.</summary>
    long CurrentCallback(long now);

    /// <summary>Adds its connections, until the list has <paramref name="max"/>.</summary>
    void AddConnections(List<IObservedConnection> connections, int max);
}

/// <summary>A connection, for whoever observes it.</summary>
/// <remarks>Any thread.</remarks>
internal interface IObservedConnection
{
    /// <summary><see langword="null"/> if it has ended meanwhile.</summary>
    EpollConnectionSnapshot? Capture(bool withTcpInfo);
}

/// <summary>A listening endpoint, for whoever observes it.</summary>
/// <remarks>Any thread.</remarks>
internal interface IObservedListener
{
    /// <summary>What its instruments carry, as in Kestrel's own metrics.</summary>
    KeyValuePair<string, object?>[] Tags { get; }

    /// <summary>Connections accepted and not yet handed out.</summary>
    int Waiting { get; }

    EpollListenerSnapshot Capture();
}

/// <summary>The threads of a group of loops, for whoever observes them.</summary>
/// <remarks>Any thread: hints.</remarks>
internal interface IObservedThreads
{
    (int Driving, int Reserve, int Lent, int HeldUp) Count();
}

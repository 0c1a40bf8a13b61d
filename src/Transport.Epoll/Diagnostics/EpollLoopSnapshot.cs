namespace Transport.Epoll.Diagnostics;

/// <summary>One loop at one moment. Counts are since its start.</summary>
public sealed class EpollLoopSnapshot
{
    /// <summary>Its number, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Its name, which the thread that drives it has, too.</summary>
    public required string Name { get; init; }

    /// <summary><c>waiting</c> for events, <c>running</c> the transport's own code, in a <c>callback</c>, or <c>ended</c>.</summary>
    public required string State { get; init; }

    /// <summary>The kernel's id of the thread that drives it or has driven it last (gettid(2)); 0 before the first, or where /proc is missing.</summary>
    public required int ThreadId { get; init; }

    /// <summary>How long the callback has run that runs now; <see langword="null"/> while none does.</summary>
    public required TimeSpan? CallbackAge { get; init; }

    /// <summary>The connection of that callback.</summary>
    public required string? CallbackConnectionId { get; init; }

    /// <summary>What the application said of that connection (<see cref="IEpollConnectionFeature.Description"/>).</summary>
    public required string? CallbackDescription { get; init; }

    /// <summary>How much other threads have left for it.</summary>
    public required int WorkQueueLength { get; init; }

    /// <summary>How much it has left for itself.</summary>
    public required int RunQueueLength { get; init; }

    /// <summary>Its connections.</summary>
    public required int Connections { get; init; }

    /// <summary>Its turns.</summary>
    public required long Turns { get; init; }

    /// <summary>Its calls of epoll_wait.</summary>
    public required long Waits { get; init; }

    /// <summary>The events that they brought.</summary>
    public required long Events { get; init; }

    /// <summary>How often another thread woke it.</summary>
    public required long Wakeups { get; init; }

    /// <summary>The share of the last second or more in which it had something to do, from 0 to 1.</summary>
    public required double Utilization { get; init; }

    /// <summary>The longest time between two looks for events in the same time.</summary>
    public required TimeSpan Lag { get; init; }

    /// <summary>Callbacks that ran on it.</summary>
    public required long Callbacks { get; init; }

    /// <summary>Callbacks that it handed to the thread pool.</summary>
    public required long CallbacksOnPool { get; init; }

    /// <summary>How long those on the loop took, all together.</summary>
    public required TimeSpan CallbackTime { get; init; }

    /// <summary>The longest of the last second or more.</summary>
    public required TimeSpan MaxCallbackTime { get; init; }

    /// <summary>How often another thread took it over.</summary>
    public required long TakeOvers { get; init; }

    /// <summary>Bytes received.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>Bytes sent.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Calls of recv.</summary>
    public required long ReceiveCalls { get; init; }

    /// <summary>Calls of send and sendmsg.</summary>
    public required long SendCalls { get; init; }

    /// <summary>Those of several buffers.</summary>
    public required long GatheredSends { get; init; }

    /// <summary>Connections whose reading is paused now: the application has not read what may wait.</summary>
    public required int PausedReaders { get; init; }

    /// <summary>Connections whose sending waits now for the peer.</summary>
    public required int PausedWriters { get; init; }
}

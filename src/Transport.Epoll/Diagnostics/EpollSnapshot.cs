using System.Text.Json;

namespace Transport.Epoll.Diagnostics;

/// <summary>What the epoll transport did at one moment (<see cref="EpollDiagnostics.Capture"/>). The figures are read one after the other while work goes on, so they need not fit each other exactly.</summary>
public sealed class EpollSnapshot
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset CapturedAt { get; init; }

    /// <summary>The mode: <c>Auto</c>, <c>Inline</c> or <c>ThreadPool</c>.</summary>
    public required string Scheduling { get; init; }

    /// <summary>How many threads the transport has, by what they do.</summary>
    public required EpollThreadsSnapshot Threads { get; init; }

    /// <summary>The callbacks from which a loop was taken over and that have not returned.</summary>
    public required IReadOnlyList<EpollHeldUpCallback> HeldUpCallbacks { get; init; }

    /// <summary>The loops, by their number; none before the first endpoint is bound.</summary>
    public required IReadOnlyList<EpollLoopSnapshot> Loops { get; init; }

    /// <summary>The listening endpoints.</summary>
    public required IReadOnlyList<EpollListenerSnapshot> Listeners { get; init; }

    /// <summary>The open connections, <see cref="EpollCaptureOptions.MaxConnections"/> at most.</summary>
    public required IReadOnlyList<EpollConnectionSnapshot> Connections { get; init; }

    /// <summary>How many connections are open, listed or not.</summary>
    public required int ConnectionCount { get; init; }

    /// <summary>The snapshot as JSON, without reflection; names in camel case, times as hours:minutes:seconds.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, EpollSnapshotJson.Default.EpollSnapshot);
}

/// <summary>The transport's threads.</summary>
public sealed class EpollThreadsSnapshot
{
    /// <summary>Threads that drive loops: one for each, or, where all are served together, as many as the load needs.</summary>
    public required int Driving { get; init; }

    /// <summary>Standbys that wait to take a loop over.</summary>
    public required int Reserve { get; init; }

    /// <summary>Standbys that run callbacks which the thread pool had left waiting.</summary>
    public required int Lent { get; init; }

    /// <summary>Threads that lost their loop and still run the callback that held it up.</summary>
    public required int HeldUp { get; init; }

    /// <summary>Standbys that were ever started.</summary>
    public required long Started { get; init; }

    /// <summary>Standbys that were not needed any more.</summary>
    public required long Ended { get; init; }
}

/// <summary>A callback from which a loop was taken over and that has not returned.</summary>
public sealed class EpollHeldUpCallback
{
    /// <summary>The number of the loop that it held up.</summary>
    public required int LoopIndex { get; init; }

    /// <summary>The kernel's id of its thread (gettid(2)), by which <c>top -H</c>, <c>/proc</c> and debuggers know it; 0 where /proc is missing.</summary>
    public required int ThreadId { get; init; }

    /// <summary>Its connection.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>What the application said of the connection (<see cref="IEpollConnectionFeature.Description"/>).</summary>
    public required string? Description { get; init; }

    /// <summary>How long it has run.</summary>
    public required TimeSpan Age { get; init; }
}

/// <summary>A listening endpoint.</summary>
public sealed class EpollListenerSnapshot
{
    /// <summary>The endpoint.</summary>
    public required string EndPoint { get; init; }

    /// <summary>Connections accepted and not yet handed to Kestrel.</summary>
    public required int Waiting { get; init; }

    /// <summary>Connections in the kernel's queue; <see langword="null"/> where the kernel does not say, as for a unix socket.</summary>
    public required long? QueueLength { get; init; }

    /// <summary>How many that queue takes.</summary>
    public required long? QueueLimit { get; init; }

    /// <summary>Packets of handshakes that the kernel dropped here, nearly always because the queue was full.</summary>
    public required long? QueueDrops { get; init; }

    /// <summary>Failures to accept, by the kernel's name of the error.</summary>
    public required IReadOnlyDictionary<string, long> AcceptErrors { get; init; }
}

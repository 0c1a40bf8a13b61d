namespace Transport.Epoll.Diagnostics;

/// <summary>One connection at one moment.</summary>
public sealed class EpollConnectionSnapshot
{
    /// <summary>Its id, as in logs.</summary>
    public required string Id { get; init; }

    /// <summary>The number of its loop.</summary>
    public required int LoopIndex { get; init; }

    /// <summary>Its local endpoint.</summary>
    public required string? LocalEndPoint { get; init; }

    /// <summary>Its peer; <see langword="null"/> for a unix socket.</summary>
    public required string? RemoteEndPoint { get; init; }

    /// <summary><c>open</c>, or <c>closing</c>: it was shut down and its pumps have not ended yet.</summary>
    public required string State { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>How long ago that was.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Bytes received.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>Bytes sent.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Whether reading is paused now: the application has not read what may wait.</summary>
    public required bool IsReadingPaused { get; init; }

    /// <summary>Whether sending waits now for the peer.</summary>
    public required bool IsWritingPaused { get; init; }

    /// <summary>How long reading was paused, all together.</summary>
    public required TimeSpan ReadingPaused { get; init; }

    /// <summary>How long sending has waited, all together.</summary>
    public required TimeSpan WritingPaused { get; init; }

    /// <summary>Whether its callbacks run on the thread pool, because one was slow; <see langword="false"/> in the other modes than Auto.</summary>
    public required bool OnPool { get; init; }

    /// <summary>What the application said of it (<see cref="IEpollConnectionFeature.Description"/>).</summary>
    public required string? Description { get; init; }

    /// <summary>How it does as the kernel sees it, if <see cref="EpollCaptureOptions.WithTcpInfo"/> asks for it.</summary>
    public required EpollTcpInfo? TcpInfo { get; init; }
}

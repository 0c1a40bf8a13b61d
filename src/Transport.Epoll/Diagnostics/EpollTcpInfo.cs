namespace Transport.Epoll.Diagnostics;

/// <summary>How a TCP connection does, as the kernel sees it (TCP_INFO, tcp(7)).</summary>
public sealed class EpollTcpInfo
{
    /// <summary>The smoothed round-trip time.</summary>
    public required TimeSpan RoundTripTime { get; init; }

    /// <summary>How much it varies.</summary>
    public required TimeSpan RoundTripTimeVariation { get; init; }

    /// <summary>The shortest lately; zero where the kernel is too old to say (before 4.6).</summary>
    public required TimeSpan MinRoundTripTime { get; init; }

    /// <summary>Segments that were sent again, since the connection began.</summary>
    public required long Retransmits { get; init; }

    /// <summary>How fast the peer confirmed data lately, in bytes per second; 0 where the kernel is too old to say (before 4.9).</summary>
    public required long DeliveryRate { get; init; }

    /// <summary>How many segments may be on their way.</summary>
    public required long CongestionWindow { get; init; }

    /// <summary>How many are, sent and not confirmed.</summary>
    public required long SegmentsInFlight { get; init; }
}

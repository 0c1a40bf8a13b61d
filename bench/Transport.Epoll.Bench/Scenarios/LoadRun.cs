using Transport.Epoll.Bench.Load;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>One run of one contender, as it is kept. Per request, where the name does not say otherwise; the times are the server's.</summary>
internal sealed record LoadRun
{
    public required string Contender { get; init; }

    public required int Round { get; init; }

    public required long Requests { get; init; }

    public required double Seconds { get; init; }

    public required long Errors { get; init; }

    public required double RequestsPerSecond { get; init; }

    public required double UserMicroseconds { get; init; }

    public required double SystemMicroseconds { get; init; }

    public double CpuMicroseconds => UserMicroseconds + SystemMicroseconds;

    public required double VoluntarySwitches { get; init; }

    public required long WorkingSetBytes { get; init; }

    public double? AllocatedBytes { get; init; }

    public Latency? Latency { get; init; }

    public IReadOnlyDictionary<string, double>? Figures { get; init; }
}

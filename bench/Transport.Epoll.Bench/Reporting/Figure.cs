using Transport.Epoll.Bench.Scenarios;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>Something that is compared with the baseline, by the name that it has in bounds.json.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Read">Reads it from a run.</param>
/// <param name="MoreIsBetter">Whether more of it is good.</param>
internal sealed record Figure(string Name, Func<LoadRun, double?> Read, bool MoreIsBetter = false)
{
    public static readonly Figure Cpu = new("cpu", r => r.CpuMicroseconds);

    public static readonly Figure Requests = new("requests", r => r.RequestsPerSecond, MoreIsBetter: true);

    /// <summary>One of these, or one that only a scenario's own load has: for those, more is better where it counts requests.</summary>
    public static Figure Named(string name) => name switch
    {
        "cpu" => Cpu,
        "requests" => Requests,
        "p50" => new(name, r => r.Latency?.P50),
        "p99" => new(name, r => r.Latency?.P99),
        "p99.9" => new(name, r => r.Latency?.P999),
        _ => new(name, r => r.Figures?.TryGetValue(name, out var value) == true ? value : null, name.Contains("requests", StringComparison.Ordinal)),
    };

    public bool IsWithin(double value, double bound) => MoreIsBetter ? value >= bound : value <= bound;
}

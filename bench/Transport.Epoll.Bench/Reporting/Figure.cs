using Transport.Epoll.Bench.Scenarios;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>Something that is compared with the baseline, by the name that it has in bounds.json.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Read">Reads it from a run.</param>
/// <param name="MoreIsBetter">Whether a ratio above 1 is good.</param>
internal sealed record Figure(string Name, Func<LoadRun, double?> Read, bool MoreIsBetter = false)
{
    public static readonly Figure Cpu = new("cpu", r => r.CpuMicroseconds);

    public static readonly Figure Requests = new("requests", r => r.RequestsPerSecond, MoreIsBetter: true);

    public static readonly Figure P99 = new("p99", r => r.Latency?.P99);

    /// <summary>One of these, or one that only a scenario's own load has: for those, more is better where it counts requests.</summary>
    public static Figure Named(string name) => name switch
    {
        "cpu" => Cpu,
        "requests" => Requests,
        "p99" => P99,
        _ => new(name, r => r.Figures?.TryGetValue(name, out var value) == true ? value : null, name.Contains("requests", StringComparison.Ordinal)),
    };

    public bool IsWithin(double ratio, double bound) => MoreIsBetter ? ratio >= bound : ratio <= bound;
}

using HdrHistogram;

namespace Transport.Epoll.Bench.Load;

/// <summary>How long requests took, in milliseconds. The curve, of percentile and milliseconds, is there when every request was recorded.</summary>
internal sealed record Latency(double P50, double P99, double P999, double? Max = null, IReadOnlyList<double[]>? Curve = null)
{
    private static readonly double[] s_percentiles = [50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100];

    /// <summary>From microseconds.</summary>
    public static Latency? Of(HistogramBase histogram) => histogram.TotalCount == 0 ? null : new(
        At(histogram, 50), At(histogram, 99), At(histogram, 99.9), At(histogram, 100), [.. s_percentiles.Select(p => new[] { p, At(histogram, p) })]);

    /// <summary>One minute at most, three digits.</summary>
    public static LongHistogram NewHistogram() => new(60_000_000, 3);

    /// <summary>Adds microseconds; what does not fit counts as the most that does.</summary>
    public static void Record(HistogramBase histogram, double microseconds) => histogram.RecordValue((long)Math.Clamp(microseconds, 1, 60_000_000));

    private static double At(HistogramBase histogram, double percentile) => histogram.GetValueAtPercentile(percentile) / 1e3;
}

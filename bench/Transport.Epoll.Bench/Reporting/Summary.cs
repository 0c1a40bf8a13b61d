namespace Transport.Epoll.Bench.Reporting;

/// <summary>The median of some runs, between the smallest and the largest. Means would hide a disturbed run.</summary>
internal sealed record Summary(double Median, double Min, double Max)
{
    public static Summary Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Summary(median, sorted[0], sorted[^1]);
    }

    public string ToString(string format, IFormatProvider provider) =>
        $"{Median.ToString(format, provider)} ({Min.ToString(format, provider)}–{Max.ToString(format, provider)})";
}

using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Load;

/// <summary>What the server held so long after the start.</summary>
internal sealed record SoakSample(TimeSpan At, ServerFigures Figures);

/// <summary>Whether lines are flat: the medians of an early and a late part of the samples are compared, after a time to warm up.</summary>
internal static class Flatness
{
    private const double WarmUp = 0.25;

    public static IEnumerable<string> Rises(IReadOnlyList<SoakSample> samples)
    {
        var settled = samples.Skip((int)(samples.Count * WarmUp)).ToList();
        var part = Math.Max(1, settled.Count / 3);
        foreach (var (what, read, allowed) in s_lines)
        {
            var early = Median(settled.Take(part).Select(s => read(s.Figures)));
            var late = Median(settled.TakeLast(part).Select(s => read(s.Figures)));
            if (late - early > allowed(early))
            {
                yield return FormattableString.Invariant($"{what} rose from {early:F0} to {late:F0}");
            }
        }
    }

    /// <summary>What may differ between two medians of a server that leaks nothing: clients come and go, the pool adds threads, the collector is lazy.</summary>
    private static readonly (string What, Func<ServerFigures, double> Read, Func<double, double> Allowed)[] s_lines =
    [
        ("descriptors", f => f.Descriptors, _ => 8),
        ("threads", f => f.Threads, _ => 4),
        ("heap bytes", f => f.HeapBytes, early => Math.Max(2 << 20, early * 0.1)),
        ("working set", f => f.WorkingSet, early => Math.Max(16 << 20, early * 0.1)),
    ];

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}

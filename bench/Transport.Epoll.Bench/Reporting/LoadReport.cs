using System.Globalization;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>
/// The table of a load scenario. Ratios are taken within each round and then summarised: the machine's speed drifts from round to round, less within one.
/// </summary>
internal static class LoadReport
{
    public static string Write(string title, IReadOnlyList<LoadRun> runs)
    {
        var table = new MarkdownTable("contender", "requests/s", "ratio to sockets", "CPU µs/request", "ratio to sockets", "p50 ms", "p99 ms");
        var baseline = runs.Where(r => r.Contender == Contender.Baseline).ToDictionary(r => r.Round);
        foreach (var contender in Contender.Known)
        {
            var own = runs.Where(r => r.Contender == contender.Name).ToList();
            if (own.Count > 0)
            {
                table.Add(
                    contender.Name,
                    Cell(own, r => r.RequestsPerSecond, "F0"),
                    Ratio(own, r => r.RequestsPerSecond),
                    Cell(own, r => r.CpuMicroseconds, "F2"),
                    Ratio(own, r => r.CpuMicroseconds),
                    Cell(own, r => r.P50Milliseconds, "F2"),
                    Cell(own, r => r.P99Milliseconds, "F2"));
            }
        }

        return table.Write(title);

        string Ratio(List<LoadRun> own, Func<LoadRun, double> value) =>
            baseline.Count == 0 ? "–" : Cell(own, r => value(r) / value(baseline[r.Round]), "F2");
    }

    private static string Cell(List<LoadRun> runs, Func<LoadRun, double?> value, string format)
    {
        var values = runs.Select(value).OfType<double>().ToList();
        return values.Count == 0 ? "–" : Summary.Of(values).ToString(format, CultureInfo.InvariantCulture);
    }
}

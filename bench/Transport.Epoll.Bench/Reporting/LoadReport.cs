using System.Globalization;
using System.Text;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>A load scenario as Markdown: medians with minimum and maximum, ratios, the noise, what was left out, the goals.</summary>
internal static class LoadReport
{
    public static string Write(ScenarioReport report)
    {
        var loops = report.Loops is { } count ? $"--loops {count}" : "default loops";
        var text = new StringBuilder(WriteRuns(report, $"### {report.Name}\n\n`{report.Command}`, {loops}, {report.Rounds} rounds{(report.Starts > 1 ? $" in {report.Starts} starts" : "")}{(report.Pinned ? ", pinned" : "")}"));
        var own = report.Runs.SelectMany(r => r.Figures?.Keys ?? []).Distinct().ToList();
        if (own.Count > 0)
        {
            text.Append(WriteOwn(report, own));
        }

        if (report.SystemCalls.Count > 0)
        {
            text.Append(WriteCalls(report));
        }

        text.AppendLine();
        AppendNoise(text, report, Contender.Control, Contender.Baseline);
        AppendNoise(text, report, Contender.AutoControl, Contender.Auto);
        if (report.Ratio(Contender.Auto, Figure.Requests.Read, Contender.Inline) is { } faster && report.Ratio(Contender.Auto, Figure.Cpu.Read, Contender.Inline) is { } dearer)
        {
            text.AppendLine($"{Contender.Auto} to {Contender.Inline}: requests/s {Text(faster)}, CPU {Text(dearer)}.");
        }

        foreach (var line in report.LeftOut.Concat(Bounds.Goals(Bounds.All, report)))
        {
            text.AppendLine($"- {line}");
        }

        return text.ToString();
    }

    public static string Text(Summary summary) => summary.ToString("F2", CultureInfo.InvariantCulture);

    /// <summary>What two that are the same differ by.</summary>
    private static void AppendNoise(StringBuilder text, ScenarioReport report, string control, string to)
    {
        if (report.Ratio(control, Figure.Requests.Read, to) is { } requests && report.Ratio(control, Figure.Cpu.Read, to) is { } cpu)
        {
            var p99 = report.Ratio(control, r => r.Latency?.P99, to);
            text.AppendLine($"Noise, {control} to {to}: requests/s {Text(requests)}, CPU {Text(cpu)}{(p99 is null ? "" : $", p99 {Text(p99)}")}.");
        }
    }

    private static string WriteRuns(ScenarioReport report, string title)
    {
        var table = new MarkdownTable(
            "contender", "requests/s", "ratio", "CPU µs/request", "ratio", "user", "system", "p50 ms", "p99 ms", "p99.9 ms", "bytes/request", "switches/request", "working set MB");
        foreach (var contender in report.Contenders)
        {
            var own = report.Of(contender).ToList();
            table.Add(
                contender,
                Cell(own, Figure.Requests.Read, "F0"),
                Ratio(report, contender, Figure.Requests),
                Cell(own, Figure.Cpu.Read, "F2"),
                Ratio(report, contender, Figure.Cpu),
                Median(own, r => r.UserMicroseconds, "F2"),
                Median(own, r => r.SystemMicroseconds, "F2"),
                Cell(own, r => r.Latency?.P50, "F2"),
                Cell(own, r => r.Latency?.P99, "F2"),
                Cell(own, r => r.Latency?.P999, "F2"),
                Median(own, r => r.AllocatedBytes, "F1"),
                Median(own, r => r.VoluntarySwitches, "F3"),
                Median(own, r => r.WorkingSetBytes / 1e6, "F0"));
        }

        return table.Write(title);
    }

    private static string WriteOwn(ScenarioReport report, List<string> names)
    {
        // A ratio where the baseline has the figure at all.
        var figures = names.Select(Figure.Named).Select(f => (Figure: f, Compared: report.Ratio(Contender.Baseline, f.Read) is not null)).ToList();
        var table = new MarkdownTable(["contender", .. figures.SelectMany(f => f.Compared ? new[] { f.Figure.Name, "ratio" } : [f.Figure.Name])]);
        foreach (var contender in report.Contenders)
        {
            var own = report.Of(contender).ToList();
            table.Add([contender, .. figures.SelectMany(f => f.Compared
                ? new[] { Cell(own, f.Figure.Read, "F0"), Ratio(report, contender, f.Figure) }
                : [Cell(own, f.Figure.Read, "F0")])]);
        }

        return table.Write("");
    }

    private static string WriteCalls(ScenarioReport report)
    {
        var table = new MarkdownTable("contender", "system calls/request", "of which");
        foreach (var run in report.SystemCalls.OrderBy(r => Contender.Order(r.Contender)))
        {
            var most = run.Calls.OrderByDescending(c => c.Value).Take(5)
                .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {(double)c.Value / run.Requests:F3}"));
            table.Add(run.Contender, run.PerRequest.ToString("F3", CultureInfo.InvariantCulture), string.Join(", ", most));
        }

        return table.Write("System calls, in a run of their own under strace:");
    }

    private static string Ratio(ScenarioReport report, string contender, Figure figure) =>
        report.Ratio(contender, figure.Read) is { } ratio ? Text(ratio) : "–";

    private static string Cell(List<LoadRun> runs, Func<LoadRun, double?> value, string format) =>
        Summarise(runs, value)?.ToString(format, CultureInfo.InvariantCulture) ?? "–";

    private static string Median(List<LoadRun> runs, Func<LoadRun, double?> value, string format) =>
        Summarise(runs, value)?.Median.ToString(format, CultureInfo.InvariantCulture) ?? "–";

    private static Summary? Summarise(List<LoadRun> runs, Func<LoadRun, double?> value)
    {
        var values = runs.Select(value).OfType<double>().ToList();
        return values.Count == 0 ? null : Summary.Of(values);
    }
}

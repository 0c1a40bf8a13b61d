using System.Globalization;
using System.Text;
using ScottPlot;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Scenarios;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>The runs under pressure as Markdown, and their course as a chart.</summary>
internal static class PressureReport
{
    private const int Width = 900;
    private const int Height = 560;

    public static string Write(IReadOnlyList<PressureRun> runs, PressurePlan plan, string what, IEnumerable<string> leftOut)
    {
        var table = new MarkdownTable(
            "contender", "can serve/s", "served/s before the lock", "served", "503", "other status", "lost", "no answer", "never sent",
            "longest wait of a 200, s", "503 median, longest, s", "back after the lock, s", "back after the pressure, s");
        foreach (var run in runs)
        {
            table.Add(
                run.Contender,
                Text(run.Capacity, "F0"),
                Text(run.ServedPerSecondBefore, "F0"),
                Count(run, Outcome.Served),
                Count(run, Outcome.Shed),
                Count(run, Outcome.Failed),
                Count(run, Outcome.Lost),
                Count(run, Outcome.NoAnswer),
                Count(run, Outcome.NeverSent, Outcome.NotConnected),
                Text(run.LongestServed, "F2"),
                run.MedianShed is null ? "–" : $"{Text(run.MedianShed, "F3")}, {Text(run.LongestShed, "F2")}",
                run.BackAfterLock is null ? $"not within {plan.After.TotalSeconds}" : Text(run.BackAfterLock, "F2"),
                run.BackAfterPressure is null ? $"not within {plan.Calm.TotalSeconds}" : Text(run.BackAfterPressure, "F2"));
        }

        var text = new StringBuilder(table.Write($"### pressure\n\n{what}")).AppendLine();
        foreach (var line in leftOut)
        {
            text.AppendLine($"- {line}");
        }

        return text.ToString();
    }

    /// <summary>One run, for whoever watches.</summary>
    public static string Line(PressureRun run) => string.Create(
        CultureInfo.InvariantCulture,
        $"{run.Contender} can serve {run.Capacity:F0}/s; {string.Join(", ", run.Outcomes.OrderBy(o => o.Key).Select(o => $"{o.Key} {o.Value}"))}; longest {run.Longest:F2} s");

    /// <summary>What was served in each quarter of a second, as a share of what the server can serve.</summary>
    public static void Draw(IReadOnlyList<PressureRun> runs, PressurePlan plan, string path)
    {
        using var plot = new Plot();
        foreach (var run in runs)
        {
            var step = plan.Seconds / run.Course.Count;
            var line = plot.Add.Scatter(run.Course.Select((_, i) => i * step).ToArray(), run.Course.Select(window => window[0] / step / run.Capacity).ToArray());
            line.LegendText = run.Contender;
            line.MarkerSize = 0;
            line.LineWidth = 2;
        }

        plot.Add.VerticalLine(plan.Before.TotalSeconds, 1, Colors.Gray, LinePattern.Dashed);
        plot.Add.VerticalLine((plan.Before + plan.Locked).TotalSeconds, 1, Colors.Gray, LinePattern.Dashed);
        plot.Add.VerticalLine(plan.PressureSeconds, 1, Colors.Gray, LinePattern.Dotted);
        plot.Title("Served under pressure, as a share of what each can serve");
        plot.XLabel("seconds; the table is locked between the dashed lines, the pressure ends at the dotted one");
        plot.ShowLegend(Edge.Right);
        plot.SavePng(path, Width, Height);
    }

    private static string Count(PressureRun run, params Outcome[] outcomes) => Text(outcomes.Sum(o => run.Outcomes.GetValueOrDefault(o)), "F0");

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}

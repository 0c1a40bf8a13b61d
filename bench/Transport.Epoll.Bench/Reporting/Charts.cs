using ScottPlot;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>Draws the ratios of all scenarios, and the latency curves of those that recorded every request.</summary>
internal static class Charts
{
    private const int BarWidth = 26;
    private const int Height = 520;

    public static void Write(IReadOnlyList<ScenarioReport> reports, string folder)
    {
        DrawRatios(reports, Figure.Cpu, "CPU per request, ratio to sockets: less is better", Path.Combine(folder, "cpu.png"));
        DrawRatios(reports, Figure.Requests, "Requests per second, ratio to sockets: more is better", Path.Combine(folder, "requests.png"));
        foreach (var report in reports.Where(r => r.Runs.Any(run => run.Latency?.Curve is not null)))
        {
            DrawLatencies(report, Path.Combine(folder, $"latency-{report.Name}.png"));
        }
    }

    private static void DrawRatios(IReadOnlyList<ScenarioReport> reports, Figure figure, string title, string path)
    {
        using var plot = new Plot();
        var colors = new ScottPlot.Palettes.Category10();
        var contenders = reports.SelectMany(r => r.Contenders).Distinct().Where(c => c != Contender.Baseline).OrderBy(Contender.Order).ToList();
        var group = contenders.Count + 1.5;
        for (var c = 0; c < contenders.Count; c++)
        {
            var bars = new List<Bar>();
            for (var s = 0; s < reports.Count; s++)
            {
                if (reports[s].Ratio(contenders[c], figure.Read) is { } ratio)
                {
                    bars.Add(new Bar { Position = (s * group) + c, Value = ratio.Median, FillColor = colors.GetColor(c), Size = 0.9, LineWidth = 0 });
                    plot.Add.Line((s * group) + c, ratio.Min, (s * group) + c, ratio.Max).LineColor = Colors.Gray;
                }
            }

            if (bars.Count > 0)
            {
                plot.Add.Bars(bars).LegendText = contenders[c];
            }
        }

        var baseline = plot.Add.HorizontalLine(1, 1, Colors.Black, LinePattern.Dashed);
        baseline.LegendText = Contender.Baseline;
        plot.Axes.Bottom.SetTicks([.. reports.Select((_, s) => (s * group) + ((contenders.Count - 1) / 2.0))], [.. reports.Select(r => r.Name)]);
        plot.Axes.Bottom.TickLabelStyle.Rotation = reports.Count > 4 ? 30 : 0;
        plot.Axes.Bottom.TickLabelStyle.Alignment = reports.Count > 4 ? Alignment.MiddleLeft : Alignment.UpperCenter;
        plot.Axes.Bottom.MinimumSize = reports.Count > 4 ? 90 : 30;
        plot.Axes.Margins(bottom: 0);
        Finish(plot, title, path, Math.Max(800, (int)(reports.Count * group * BarWidth / 2)));
    }

    private static void DrawLatencies(ScenarioReport report, string path)
    {
        using var plot = new Plot();
        foreach (var contender in report.Contenders)
        {
            var curves = report.Of(contender).Select(r => r.Latency?.Curve).OfType<IReadOnlyList<double[]>>().ToList();
            if (curves.Count > 0)
            {
                // The median over the rounds at each percentile, which the curves have in common.
                var values = curves[0].Select((_, i) => Summary.Of(curves.Select(curve => curve[i][1])).Median).ToArray();
                var scatter = plot.Add.Scatter(values.Select((_, i) => (double)i).ToArray(), values.Select(v => Math.Log10(Math.Max(v, 0.001))).ToArray());
                scatter.LegendText = contender;
                plot.Axes.Bottom.SetTicks([.. curves[0].Select((_, i) => (double)i)], [.. curves[0].Select(point => FormattableString.Invariant($"{point[0]}%"))]);
            }
        }

        double[] powers = [-3, -2, -1, 0, 1, 2, 3, 4];
        plot.Axes.Left.SetTicks(powers, [.. powers.Select(p => FormattableString.Invariant($"{Math.Pow(10, p)} ms"))]);
        Finish(plot, $"{report.Name}: latency by percentile", path, 800);
    }

    private static void Finish(Plot plot, string title, string path, int width)
    {
        plot.Title(title);
        plot.ShowLegend(Edge.Right);
        plot.SavePng(path, width, Height);
    }
}

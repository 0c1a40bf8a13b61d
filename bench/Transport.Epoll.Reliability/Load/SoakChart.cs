using ScottPlot;

namespace Transport.Epoll.Reliability.Load;

/// <summary>Draws the lines of a soak: counts on the left axis, memory on the right one.</summary>
internal static class SoakChart
{
    private const int Width = 900;
    private const int Height = 420;
    private const double Mebibyte = 1 << 20;

    public static void Draw(IReadOnlyList<SoakSample> samples, string title, string path)
    {
        using var plot = new Plot();
        double[] minutes = [.. samples.Select(s => s.At.TotalMinutes)];
        Add("descriptors", s => s.Figures.Descriptors, plot.Axes.Left);
        Add("threads", s => s.Figures.Threads, plot.Axes.Left);
        Add("managed heap, MiB (right)", s => s.Figures.HeapBytes / Mebibyte, plot.Axes.Right);
        Add("working set, MiB (right)", s => s.Figures.WorkingSet / Mebibyte, plot.Axes.Right);
        plot.Axes.SetLimitsY(0, samples.Max(s => s.Figures.Descriptors) * 1.2, plot.Axes.Left);
        plot.Axes.SetLimitsY(0, samples.Max(s => s.Figures.WorkingSet) / Mebibyte * 1.2, plot.Axes.Right);
        plot.Axes.Bottom.Label.Text = "minutes";
        plot.Title(title);
        plot.ShowLegend(Edge.Bottom);
        plot.SavePng(path, Width, Height);

        void Add(string name, Func<SoakSample, double> read, IYAxis axis)
        {
            var line = plot.Add.Scatter(minutes, samples.Select(read).ToArray());
            line.LegendText = name;
            line.MarkerSize = 0;
            line.LineWidth = 2;
            line.Axes.YAxis = axis;
        }
    }
}

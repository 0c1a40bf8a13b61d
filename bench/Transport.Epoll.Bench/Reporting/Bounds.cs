using System.Globalization;
using System.Text.Json;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>A line of <c>bench/bounds.json</c>: a ratio to Sockets that is aimed at, that must not be missed, or both.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Contender">Whose ratio.</param>
/// <param name="Figure">Of what, see <see cref="Reporting.Figure.Named"/>.</param>
/// <param name="Goal">What is aimed at; judged from fifteen rounds on.</param>
/// <param name="Bound">What <c>--check</c> insists on: room for noise above what was measured.</param>
/// <param name="Pinned">Whether it is about pinned runs.</param>
internal sealed record Bound(string Scenario, string Contender, string Figure, double? Goal = null, [property: System.Text.Json.Serialization.JsonPropertyName("bound")] double? Limit = null, bool Pinned = false)
{
    public Figure Of => Reporting.Figure.Named(Figure);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Contender} {Figure}");
}

/// <summary>Compares reports with the committed bounds and goals.</summary>
internal static class Bounds
{
    private const int RoundsForAClaim = 15;

    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.Web) { ReadCommentHandling = JsonCommentHandling.Skip };

    public static IReadOnlyList<Bound> All { get; } =
        JsonSerializer.Deserialize<List<Bound>>(File.ReadAllText(Path.Combine(Repository.Root, "bench", "bounds.json")), s_format) ?? [];

    /// <summary>The scenarios that <c>--check</c> runs.</summary>
    public static IEnumerable<string> CheckedScenarios(bool pinned) => All.Where(b => b.Limit is not null && b.Pinned == pinned).Select(b => b.Scenario).Distinct();

    /// <summary>A line for each goal of the scenario: met, missed, or not to be judged.</summary>
    public static IEnumerable<string> Goals(ScenarioReport report)
    {
        foreach (var bound in All.Where(b => b.Goal is not null && b.Scenario == report.Name && b.Pinned == report.Pinned))
        {
            if (report.Ratio(bound.Contender, bound.Of.Read) is { } ratio)
            {
                var verdict = report.Rounds < RoundsForAClaim ? $"not judged below {RoundsForAClaim} rounds"
                    : bound.Of.IsWithin(ratio.Median, bound.Goal!.Value) ? "met" : "missed";
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"Goal: {bound} {(bound.Of.MoreIsBetter ? "≥" : "≤")} {bound.Goal:F2}; measured {LoadReport.Text(ratio)}: {verdict}.");
            }
        }
    }

    /// <summary>Prints how each bound was kept; false when one was not, or was not measured.</summary>
    public static bool Check(IReadOnlyList<ScenarioReport> reports, bool pinned)
    {
        var table = new MarkdownTable("scenario", "contender", "figure", "bound", "measured", "verdict");
        var kept = true;
        foreach (var bound in All.Where(b => b.Limit is not null && b.Pinned == pinned))
        {
            var ratio = reports.FirstOrDefault(r => r.Name == bound.Scenario)?.Ratio(bound.Contender, bound.Of.Read);
            var isKept = ratio is not null && bound.Of.IsWithin(ratio.Median, bound.Limit!.Value);
            kept &= isKept;
            table.Add(
                bound.Scenario,
                bound.Contender,
                bound.Figure,
                string.Create(CultureInfo.InvariantCulture, $"{(bound.Of.MoreIsBetter ? "≥" : "≤")} {bound.Limit:F2}"),
                ratio is null ? "–" : LoadReport.Text(ratio),
                isKept ? "kept" : ratio is null ? "NOT MEASURED" : "WORSE");
        }

        Console.WriteLine(table.Write("### Check: ratios to sockets against bench/bounds.json"));
        return kept;
    }
}

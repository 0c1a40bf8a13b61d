using System.Text.Json;
using System.Text.Json.Serialization;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>Compares reports with the committed bounds and goals.</summary>
internal static class Bounds
{
    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static IReadOnlyList<Bound> All { get; } = Parse(File.ReadAllText(Path.Combine(Repository.Root, "bench", "bounds.json")));

    public static IReadOnlyList<Bound> Parse(string json)
    {
        var bounds = JsonSerializer.Deserialize<List<Bound>>(json, s_format) ?? [];
        if (bounds.Find(b => b.Absolute && b.To != Servers.Contender.Baseline) is { } both)
        {
            throw new BenchException($"bench/bounds.json: {both.Scenario}, {both} says both whom it is compared with (\"to\") and that it is compared with nobody (\"absolute\").");
        }

        return bounds.Find(b => b.LimitOn.Count > 0 && b.Limit is null) is { } without
            ? throw new BenchException($"bench/bounds.json: {without.Scenario}, {without} has bounds for some machines (\"boundOn\") and none for the others (\"bound\").")
            : bounds;
    }

    /// <summary>What <c>--check</c> insists on in runs of this kind.</summary>
    public static IReadOnlyList<Bound> Limits(bool pinned) => [.. All.Where(b => b.Limit is not null && b.Pinned == pinned)];

    /// <summary>Those with a limit: all, or those that are named, which must have one.</summary>
    public static IReadOnlyList<string> ScenariosToCheck(IReadOnlyList<string> named, bool pinned)
    {
        List<string> all = [.. Limits(pinned).Select(b => b.Scenario).Distinct()];
        var without = string.Join(' ', named.Except(all));
        return all.Count > 0 && without.Length == 0
            ? named.Count > 0 ? named : all
            : throw new BenchException($"bench/bounds.json has no bound for {(pinned ? "pinned" : "unpinned")} runs{(without.Length > 0 ? $" of {without}" : "")}: nothing to check.");
    }

    /// <summary>Whom the limits of a scenario are about.</summary>
    public static IReadOnlySet<string> ContendersToCheck(string scenario, bool pinned) => Limits(pinned).Where(b => b.Scenario == scenario).SelectMany(b => b.Contenders).ToHashSet();

    /// <summary>A line for each goal of the scenario: met, missed, or not to be judged.</summary>
    public static IEnumerable<string> Goals(IEnumerable<Bound> bounds, ScenarioReport report) =>
        from bound in bounds
        where bound.Goal is not null && bound.Scenario == report.Name && bound.Pinned == report.Pinned
        let measured = bound.Measure(report)
        where measured is not null
        select $"Goal: {bound} {bound.Text(bound.Goal)}; measured {LoadReport.Text(measured)}: {bound.JudgeGoal(measured, report)}.";

    /// <summary>Prints how each limit was kept; false when one was not, or was not measured.</summary>
    public static bool Check(IEnumerable<Bound> limits, IReadOnlyList<ScenarioReport> reports)
    {
        var table = new MarkdownTable("scenario", "what", "bound", "measured", "verdict");
        var kept = true;
        foreach (var limit in limits)
        {
            var measured = reports.FirstOrDefault(r => r.Name == limit.Scenario) is { } report ? limit.Measure(report) : null;
            var isKept = limit.IsKept(measured);
            kept &= isKept;
            table.Add(
                limit.Scenario,
                $"{limit}",
                limit.Text(limit.Limit),
                measured is null ? "–" : LoadReport.Text(measured),
                isKept ? "kept" : measured is null ? "NOT MEASURED" : "WORSE");
        }

        Console.WriteLine(table.Write("### Check against bench/bounds.json: ratios to sockets, where nothing else is said"));
        return kept;
    }
}

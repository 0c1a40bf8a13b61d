using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>All that is known about one scenario after its last round. Immutable.</summary>
internal sealed record ScenarioReport
{
    public required string Name { get; init; }

    /// <summary>The load, to repeat it by hand.</summary>
    public required string Command { get; init; }

    /// <summary>Event loops; null for the default.</summary>
    public required int? Loops { get; init; }

    public required bool Pinned { get; init; }

    public required int Rounds { get; init; }

    /// <summary>How often the processes were started, each time for a share of the rounds.</summary>
    public required int Starts { get; init; }

    /// <summary>Why no goal can be judged by these runs, however many; null where nothing speaks against it.</summary>
    public string? NotJudged { get; init; }

    /// <summary>Who did not take part, and why.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    public required IReadOnlyList<LoadRun> Runs { get; init; }

    public IReadOnlyList<SystemCallRun> SystemCalls { get; init; } = [];

    /// <summary>Those who took part, in the order of the tables.</summary>
    public IEnumerable<string> Contenders => Runs.Select(r => r.Contender).Distinct().OrderBy(Contender.Order);

    public IEnumerable<LoadRun> Of(string contender) => Runs.Where(r => r.Contender == contender);

    /// <summary>A figure of a contender over all rounds; null where it has none.</summary>
    public Summary? Value(string contender, Func<LoadRun, double?> figure)
    {
        var values = Of(contender).Select(figure).OfType<double>().ToList();
        return values.Count == 0 ? null : Summary.Of(values);
    }

    /// <summary>
    /// The ratio to the baseline, or to another contender, taken within each round and then summarised: the machine's speed drifts from round to
    /// round, less within one. Null where there is nothing to compare.
    /// </summary>
    public Summary? Ratio(string contender, Func<LoadRun, double?> figure, string to = Contender.Baseline)
    {
        var baseline = Of(to).ToDictionary(r => r.Round);
        var ratios = Of(contender)
            .Where(r => baseline.ContainsKey(r.Round))
            .Select(r => figure(r) / figure(baseline[r.Round]))
            .OfType<double>().Where(double.IsFinite).ToList();
        return ratios.Count == 0 ? null : Summary.Of(ratios);
    }
}

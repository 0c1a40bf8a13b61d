using System.Globalization;
using System.Text.Json.Serialization;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>A line of <c>bench/bounds.json</c>: a figure that is aimed at, that must not be missed, or both. Immutable.</summary>
internal sealed record Bound
{
    private const int RoundsForAClaim = 15;

    public required string Scenario { get; init; }

    public required string Contender { get; init; }

    /// <summary>Of what, see <see cref="Reporting.Figure.Named"/>.</summary>
    public required string Figure { get; init; }

    /// <summary>Whose figure it is divided by, round by round.</summary>
    public string To { get; init; } = Servers.Contender.Baseline;

    /// <summary>The figure itself, in its own unit, instead of a ratio.</summary>
    public bool Absolute { get; init; }

    /// <summary>What is aimed at.</summary>
    public double? Goal { get; init; }

    /// <summary>The rounds from which on the goal is judged.</summary>
    public int Rounds { get; init; } = RoundsForAClaim;

    /// <summary>What <c>--check</c> insists on: room for noise beyond what was measured.</summary>
    [JsonPropertyName("bound")]
    public double? Limit { get; init; }

    /// <summary>The same on machines whose processor's name contains the key, such as Intel: how much a transport saves depends on what the processor takes for the rest.</summary>
    [JsonPropertyName("boundOn")]
    public IReadOnlyDictionary<string, double> LimitOn { get; init; } = new Dictionary<string, double>();

    /// <summary>Whether it is about pinned runs.</summary>
    public bool Pinned { get; init; }

    /// <summary>Who has to take part.</summary>
    [JsonIgnore]
    public IEnumerable<string> Contenders => Absolute ? [Contender] : [To, Contender];

    private Figure Of => Reporting.Figure.Named(Figure);

    /// <summary>With the limit of a machine with this processor.</summary>
    public Bound On(string? processor) =>
        LimitOn.Where(l => processor?.Contains(l.Key, StringComparison.OrdinalIgnoreCase) == true).Select(l => this with { Limit = l.Value }).FirstOrDefault(this);

    /// <summary>What the report has to compare; null where somebody did not take part.</summary>
    public Summary? Measure(ScenarioReport report) => Absolute ? report.Value(Contender, Of.Read) : report.Ratio(Contender, Of.Read, To);

    /// <summary>Whether the goal was met, as the report says it.</summary>
    public string JudgeGoal(Summary measured, ScenarioReport report) =>
        report.NotJudged is { } reason ? $"not judged {reason}"
        : report.Rounds < Rounds ? $"not judged below {Rounds} rounds"
        : IsWithin(measured, Goal) ? "met" : "missed";

    /// <summary>Whether the limit is kept; what was not measured keeps none.</summary>
    public bool IsKept(Summary? measured) => measured is not null && IsWithin(measured, Limit);

    /// <summary>A value with the sign that says on which side of it the figure has to be.</summary>
    public string Text(double? value) => string.Create(CultureInfo.InvariantCulture, $"{(Of.MoreIsBetter ? "≥" : "≤")} {value:F2}");

    /// <summary>Whose what, and compared with whom where that is not the baseline.</summary>
    public override string ToString() => Absolute ? $"{Contender} {Figure} itself"
        : To == Servers.Contender.Baseline ? $"{Contender} {Figure}"
        : $"{Contender} {Figure} to {To}";

    /// <summary>What must not happen at all must not happen in any round; anything else goes by the median.</summary>
    private bool IsWithin(Summary measured, double? value) => value is { } edge && Of.IsWithin(edge == 0 ? measured.Max : measured.Median, edge);
}

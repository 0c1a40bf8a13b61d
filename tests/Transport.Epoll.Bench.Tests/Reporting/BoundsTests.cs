using System.Globalization;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Reporting;

/// <summary>The verdicts on goals and limits, from the same lines as in bounds.json. One thread.</summary>
public sealed class BoundsTests
{
    /// <summary>A name that no load reports would never be judged.</summary>
    private static readonly string[] s_figures = ["cpu", "requests", "p50", "p99", "p99.9", "managed bytes per connection", "requests, first half", "requests, second half",
        "take-overs", "their context switches in 10 quiet s"];

    [Theory]
    [InlineData("\"figure\": \"cpu\", \"goal\": 0.5", 15, "epoll-auto cpu ≤ 0.50; measured 0.50 (0.50–0.50): met")]
    [InlineData("\"figure\": \"cpu\", \"goal\": 0.4", 15, "epoll-auto cpu ≤ 0.40; measured 0.50 (0.50–0.50): missed")]
    [InlineData("\"figure\": \"cpu\", \"goal\": 0.5", 14, "not judged below 15 rounds")]
    [InlineData("\"figure\": \"cpu\", \"goal\": 0.5, \"rounds\": 3", 3, ": met")]
    [InlineData("\"figure\": \"cpu\", \"goal\": 0.5, \"rounds\": 20", 19, "not judged below 20 rounds")]
    [InlineData("\"figure\": \"requests\", \"goal\": 2", 15, "epoll-auto requests ≥ 2.00; measured 2.00 (2.00–2.00): met")]
    [InlineData("\"figure\": \"requests\", \"goal\": 2.1", 15, ": missed")]
    [InlineData("\"figure\": \"cpu\", \"to\": \"limit-c\", \"goal\": 1.2", 15, "epoll-auto cpu to limit-c ≤ 1.20; measured 1.25 (1.25–1.25): missed")]
    [InlineData("\"figure\": \"p99\", \"absolute\": true, \"goal\": 5", 15, "epoll-auto p99 itself ≤ 5.00; measured 5.00 (5.00–5.00): met")]
    [InlineData("\"figure\": \"p99\", \"absolute\": true, \"goal\": 4.9", 15, ": missed")]
    public void Goals_Measured_SaysTheVerdict(string line, int rounds, string expected)
    {
        var verdict = Assert.Single(Bounds.Goals(Parse(line), Measured(rounds)));

        Assert.Contains(expected, verdict, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"figure\": \"cpu\", \"to\": \"nginx\", \"goal\": 1")]
    [InlineData("\"figure\": \"cpu\", \"goal\": 1, \"pinned\": true")]
    [InlineData("\"figure\": \"cpu\", \"bound\": 1")]
    public void Goals_NotMeasuredOrNoGoal_SaysNothing(string line) => Assert.Empty(Bounds.Goals(Parse(line), Measured(15)));

    [Theory]
    [InlineData("\"figure\": \"cpu\", \"bound\": 0.5", true)]
    [InlineData("\"figure\": \"cpu\", \"bound\": 0.49", false)]
    [InlineData("\"figure\": \"requests\", \"bound\": 2", true)]
    [InlineData("\"figure\": \"requests\", \"bound\": 2.01", false)]
    [InlineData("\"figure\": \"p99\", \"absolute\": true, \"bound\": 5", true)]
    [InlineData("\"figure\": \"p99\", \"absolute\": true, \"bound\": 4.9", false)]
    [InlineData("\"figure\": \"cpu\", \"to\": \"nginx\", \"bound\": 9", false)]
    [InlineData("\"figure\": \"of nobody\", \"bound\": 9", false)]
    public void Check_LimitExceededOrNotMeasured_Fails(string line, bool kept) => Assert.Equal(kept, Bounds.Check(Parse(line), [Measured(1)]));

    [Fact]
    public void Goals_NothingMayHappen_IsMissedIfItDidOnce()
    {
        var report = Reports.Of(("sockets", Same(0, 3)), ("epoll-auto", [0, 0, 1]));

        Assert.Contains("measured 0.00 (0.00–1.00): missed", Assert.Single(Bounds.Goals(Parse("\"figure\": \"p99\", \"absolute\": true, \"goal\": 0, \"rounds\": 3"), report)), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_ScenarioDidNotRun_Fails() => Assert.False(Bounds.Check(Parse("\"figure\": \"cpu\", \"bound\": 9"), []));

    [Fact]
    public void Goals_RunsSayTooLittle_NotJudged() =>
        Assert.EndsWith("not judged in short runs.", Assert.Single(Bounds.Goals(Parse("\"figure\": \"cpu\", \"goal\": 1"), Measured(15) with { NotJudged = "in short runs" })), StringComparison.Ordinal);

    [Fact]
    public void Parse_AbsoluteAndTo_IsRefused() =>
        Assert.Contains("absolute", Assert.Throws<BenchException>(() => Parse("\"figure\": \"cpu\", \"absolute\": true, \"to\": \"nginx\", \"goal\": 1")).Message, StringComparison.Ordinal);

    /// <summary>A processor that is faster at what both transports do leaves less to save.</summary>
    [Theory]
    [InlineData("Intel(R) Xeon(R) Processor @ 2.50GHz", 0.7)]
    [InlineData("AMD EPYC", 0.6)]
    [InlineData(null, 0.6)]
    public void On_Processor_HasItsLimit(string? processor, double expected) =>
        Assert.Equal(expected, Assert.Single(Parse("\"figure\": \"cpu\", \"bound\": 0.6, \"boundOn\": { \"intel\": 0.7 }")).On(processor).Limit);

    [Fact]
    public void Parse_LimitOfSomeMachinesOnly_IsRefused() =>
        Assert.Contains("boundOn", Assert.Throws<BenchException>(() => Parse("\"figure\": \"cpu\", \"boundOn\": { \"Intel\": 1 }")).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_UnknownField_IsRefused() => Assert.ThrowsAny<Exception>(() => Parse("\"figure\": \"cpu\", \"aim\": 0.5"));

    [Fact]
    public void All_CommittedFile_NamesWhatThereIs() => Assert.All(Bounds.All, bound =>
    {
        Assert.Contains(bound.Scenario, ScenarioCatalog.Names);
        Assert.Contains(bound.Figure, s_figures);
        Assert.All(bound.Contenders, name => Assert.Contains(Contender.Known, c => c.Name == name));
        Assert.True(bound.Goal is not null || bound.Limit is not null, string.Create(CultureInfo.InvariantCulture, $"{bound.Scenario}: {bound} aims at nothing."));
    });

    [Fact]
    public void ContendersToCheck_Scenario_AreThoseOfItsLimits() =>
        Assert.Equal([Contender.Auto, Contender.Baseline], Bounds.ContendersToCheck("json64", pinned: false).Order(StringComparer.Ordinal));

    [Fact]
    public void ScenariosToCheck_Named_AreThese() => Assert.Equal(["json64"], BenchOptions.Parse(["--check", "json64"]).Scenarios);

    [Fact]
    public void ScenariosToCheck_OneHasNoLimit_IsRefusedByName() =>
        Assert.Contains(" of json1024:", Assert.Throws<BenchException>(() => BenchOptions.Parse(["--check", "json64", "json1024"])).Message, StringComparison.Ordinal);

    private static IReadOnlyList<Bound> Parse(string line) => Bounds.Parse($$"""[{ "scenario": "s", "contender": "epoll-auto", {{line}} }]""");

    private static ScenarioReport Measured(int rounds) =>
        Reports.Of(("sockets", Same(10, rounds)), ("epoll-auto", Same(5, rounds)), ("limit-c", Same(4, rounds)));

    private static double[] Same(double figure, int rounds) => [.. Enumerable.Repeat(figure, rounds)];
}

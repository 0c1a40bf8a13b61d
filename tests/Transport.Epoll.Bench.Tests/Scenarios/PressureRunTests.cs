using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Scenarios;

namespace Transport.Epoll.Bench.Tests.Scenarios;

/// <summary>The verdict on a run under pressure, from made-up records: 100 a second, a lock from second 8 to 18, calm from 26 to 30. One thread.</summary>
public sealed class PressureRunTests
{
    private static readonly PressurePlan s_plan = new(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(4));

    [Fact]
    public void Of_ServesAllButInTheLock_IsBackAtOnce()
    {
        var run = Of(Steady(from: 0, to: 8).Concat(Steady(18, 30)));

        Assert.Equal(100, run.ServedPerSecondBefore);
        Assert.InRange(run.BackAfterLock!.Value, 0.2, 0.4); // a window of a quarter of a second
        Assert.Equal(0, run.BackAfterPressure);
        Assert.Equal(0, run.Broken);
        Assert.True(PressureScenario.Holds(run));
    }

    [Fact]
    public void Of_ServesAgainSecondsAfterTheLock_DoesNotHold()
    {
        var run = Of(Steady(0, 8).Concat(Steady(20, 30)));

        Assert.InRange(run.BackAfterLock!.Value, 2, 2.4);
        Assert.False(PressureScenario.Holds(run));
    }

    [Fact]
    public void Of_DoesNotServeAgainUnderPressure_HasNoTime()
    {
        var run = Of(Steady(0, 8).Concat(Steady(26, 30)));

        Assert.Null(run.BackAfterLock);
        Assert.False(PressureScenario.Holds(run));
    }

    [Theory]
    [InlineData(Outcome.Shed, 0)]
    [InlineData(Outcome.Served, 0.6)]
    internal void Of_ShedsOrIsLateInTheCalm_IsBackOnlyThen(Outcome outcome, double wait)
    {
        var run = Of(Steady(0, 8).Concat(Steady(18, 30)).Append(new PressureArrival(28, wait, outcome)));

        Assert.Equal(2, run.BackAfterPressure);
        Assert.False(PressureScenario.Holds(run));
    }

    [Fact]
    public void Of_LateUntilTheEnd_IsNeverBack() => Assert.Null(Of(Steady(0, 8).Concat(Steady(18, 30)).Append(new PressureArrival(29.9, 0, Outcome.Shed))).BackAfterPressure);

    [Theory]
    [InlineData(Outcome.Lost)]
    [InlineData(Outcome.NoAnswer)]
    [InlineData(Outcome.Failed)]
    internal void Of_OneIsBroken_DoesNotHold(Outcome outcome)
    {
        var run = Of(Steady(0, 8).Concat(Steady(18, 30)).Append(new PressureArrival(5, 0, outcome)));

        Assert.Equal(1, run.Broken);
        Assert.False(PressureScenario.Holds(run));
    }

    [Fact]
    public void Of_OthersWaitForTheLock_LongestIsTheirs()
    {
        var run = Of(Steady(0, 8).Concat(Steady(18, 30)).Append(new PressureArrival(8, 10.1, Outcome.Served)).Append(new PressureArrival(9, 15, Outcome.NeverSent)).Append(new PressureArrival(9, 0.2, Outcome.Shed)));

        Assert.Equal(10.1, run.LongestServed);
        Assert.Equal(15, run.Longest);
        Assert.Equal(0.2, run.LongestShed);
        Assert.Equal(0, run.Broken); // what was never sent was never accepted
        Assert.Equal(1, run.Outcomes[Outcome.NeverSent]);
    }

    private static PressureRun Of(IEnumerable<PressureArrival> arrivals) => PressureRun.Of("epoll-auto", 100, s_plan, lockEnd: 18, [.. arrivals]);

    private static IEnumerable<PressureArrival> Steady(double from, double to) =>
        Enumerable.Range(0, (int)((to - from) * 100)).Select(i => new PressureArrival(from + (i / 100.0), 0.001, Outcome.Served));
}

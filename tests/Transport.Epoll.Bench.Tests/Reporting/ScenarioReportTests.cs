using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Reporting;

/// <summary>How ratios are taken. One thread.</summary>
public sealed class ScenarioReportTests
{
    [Fact]
    public void Ratio_MachineDrifts_IsTakenWithinEachRound()
    {
        // Medians of all runs would say 20 / 20.
        var report = Reports.Of(("sockets", [10, 20, 40]), ("epoll-auto", [5, 20, 30]));

        Assert.Equal(new Summary(0.75, 0.5, 1), report.Ratio("epoll-auto", Figure.Cpu.Read));
    }

    [Fact]
    public void Ratio_RoundIsMissing_LeavesItOut()
    {
        var report = Reports.Of(("sockets", [10]), ("epoll-auto", [5, 20]));

        Assert.Equal(new Summary(0.5, 0.5, 0.5), report.Ratio("epoll-auto", Figure.Cpu.Read));
    }

    [Fact]
    public void Ratio_NobodyToCompareWith_IsNull() => Assert.Null(Reports.Of(("epoll-auto", [5])).Ratio("epoll-auto", Figure.Cpu.Read));
}

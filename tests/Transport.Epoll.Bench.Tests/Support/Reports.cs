using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Scenarios;

namespace Transport.Epoll.Bench.Tests.Support;

/// <summary>Makes reports of a scenario "s" from a figure for each round.</summary>
internal static class Reports
{
    /// <summary>The figure is the CPU time in microseconds, and in milliseconds the p99.</summary>
    public static ScenarioReport Of(params (string Contender, double[] Figures)[] runs) => new()
    {
        Name = "s",
        Command = "",
        Loops = 1,
        Pinned = false,
        Rounds = runs.Max(r => r.Figures.Length),
        Starts = 1,
        LeftOut = [],
        Runs = [.. runs.SelectMany(r => r.Figures.Select((figure, i) => Run(r.Contender, i + 1, figure)))],
    };

    private static LoadRun Run(string contender, int round, double figure) => new()
    {
        Contender = contender,
        Round = round,
        Requests = 1000,
        Seconds = 1,
        Errors = 0,
        RequestsPerSecond = 1000 / figure,
        UserMicroseconds = figure,
        SystemMicroseconds = 0,
        VoluntarySwitches = 0,
        WorkingSetBytes = 0,
        Latency = new Latency(0, figure, 0),
    };
}

using Transport.Epoll.Bench;
using Transport.Epoll.Reliability.Restarts;
using Transport.Epoll.Reliability.Stops;

namespace Transport.Epoll.Reliability;

/// <summary>All trials, in the order of the tables.</summary>
internal static class TrialCatalog
{
    public static IReadOnlyList<ITrial> All { get; } =
    [
        new GracefulStopTrial(),
        new StopInFlightTrial(),
        new StartStopTrial(),
        new RollingRestartTrial(),
        new HandedOverRestartTrial(),
    ];

    public static ITrial Find(string name) =>
        All.FirstOrDefault(t => t.Name == name) ?? throw new BenchException($"There is no trial {name}; there are {string.Join(", ", All.Select(t => t.Name))}.");
}

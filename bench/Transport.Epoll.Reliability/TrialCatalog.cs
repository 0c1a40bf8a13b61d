using Transport.Epoll.Bench;
using Transport.Epoll.Reliability.Hostile;
using Transport.Epoll.Reliability.Load;
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
        new ReloadTrial(),
        new AttackTrial(new ManyConnectionsLoad()),
        new SoakTrial(),
        .. Attacks.Select(attack => new AttackTrial(attack)),
    ];

    private static IEnumerable<IAttack> Attacks =>
    [
        new DripAttack(),
        UnfinishedAttack.Header,
        UnfinishedAttack.Body,
        UnfinishedAttack.Silent,
        SlowHttpTestAttack.Headers,
        SlowHttpTestAttack.Body,
        SlowHttpTestAttack.Range,
        SlowHttpTestAttack.Read,
        new StalledReadersAttack(),
        new ResetAttack(),
        new HalfCloseAttack(),
        new LeaveAttack(),
        new GarbageAttack(),
        new OversizedAttack(),
        new TlsGarbageAttack(),
        new TooManyConnectionsAttack(),
    ];

    public static ITrial Find(string name) =>
        All.FirstOrDefault(t => t.Name == name) ?? throw new BenchException($"There is no trial {name}; there are {string.Join(", ", All.Select(t => t.Name))}.");
}

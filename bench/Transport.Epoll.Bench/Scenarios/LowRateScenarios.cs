using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>
/// Loads far below what a server can do, in two shapes, and what slow requests do to their neighbours. Every server has its default number of loops:
/// name <c>epoll-auto-loops1</c> and the like to see others.
/// </summary>
internal static class LowRateScenarios
{
    private const int Rounds = 8;
    private const int Connections = 64;

    /// <summary>What h2load can divide the rates by.</summary>
    private const int BurstConnections = 100;

    /// <summary>Requests per second that slow ones come beside.</summary>
    private const int NeighbourRate = 500;

    private const int OldConnections = 8;

    /// <summary>What compiles in the first seconds of a process makes callbacks slow, and ours has a second carrier for ten seconds after one: no quiet server is that young.</summary>
    private static readonly TimeSpan s_untilForgotten = TimeSpan.FromSeconds(11);

    private static readonly int[] s_rates = [1_000, 10_000, 40_000];

    private static readonly (string Path, int Rate)[] s_slow = [("/block/5", 20), ("/block/20", 5), ("/block/20", 20), ("/spin/20", 5)];

    public static IReadOnlyList<IScenario> All { get; } =
    [
        // Independent users: the server sleeps before nearly every request.
        .. s_rates.Select(rate => new LoadScenario($"poisson{rate}", "/plaintext", new OpenLoop(Connections, rate)) { Rounds = Rounds, Rest = s_untilForgotten }),

        // h2load sends on all its connections together, and then on none.
        .. s_rates.Select(rate => new LoadScenario($"bursts{rate}", "/plaintext", new H2Load(BurstConnections, streams: 1, rate)) { Rounds = Rounds, Rest = s_untilForgotten }),
        .. s_slow.SelectMany(slow => new[] { Neighbour(slow.Path, slow.Rate, 0), Neighbour(slow.Path, slow.Rate, OldConnections) }),
    ];

    /// <summary>Named after the slow ones: what, for how many ms, how many a second, and on which connections.</summary>
    private static LoadScenario Neighbour(string path, int rate, int connections) => new(
        $"neighbour-{path.Trim('/').Replace("/", "", StringComparison.Ordinal)}x{rate}-{(connections == 0 ? "new" : "old")}",
        "/plaintext",
        new OpenLoop(Connections, NeighbourRate, new SlowRequests(path, rate, connections)))
    {
        Needs = Ability.Timing,
        Rounds = Rounds,
    };
}

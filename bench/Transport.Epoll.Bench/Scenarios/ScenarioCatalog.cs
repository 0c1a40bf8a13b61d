using Transport.Epoll.Bench.Load;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>All scenarios by name.</summary>
internal static class ScenarioCatalog
{
    /// <summary>Half of the processors for the load, half for the server: two load threads beside a loop on two cores measure the scheduler.</summary>
    private static readonly int LoadThreads = Math.Max(1, Environment.ProcessorCount / 2);

    private static readonly IScenario[] s_all =
    [
        new LoadScenario("plaintext64", "/plaintext", new Wrk(connections: 64, threads: LoadThreads)) { Loops = 1 },
        new LoadScenario("json", "/json", new Wrk(connections: 256, threads: LoadThreads)) { Loops = 1 },
        new LoadScenario("download1m", "/download/1048576", new Wrk(connections: 16, threads: LoadThreads)),
        new LoadScenario("h2", "/plaintext", new H2Load(connections: 16, streams: 32)) { Http2 = true },
        new AllocationScenario(),
        new ChurnScenario(),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(s => s.Name)];

    /// <summary>The comparisons under load; the others take minutes and check a limit.</summary>
    public static IReadOnlyList<string> DefaultNames { get; } = [.. s_all.OfType<LoadScenario>().Select(s => s.Name)];

    public static IScenario Find(string name) => s_all.Single(s => s.Name == name);
}

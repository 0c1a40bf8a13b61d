using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>The stacks that one would run instead, beside one database; and, between our transports alone, what public benchmarks measure besides.</summary>
internal static class StackScenarios
{
    /// <summary>What all of them together are called on the command line.</summary>
    public const string Group = "comparison";

    /// <summary>The slowest of them still serves it.</summary>
    private const int Rate = 400;

    private static readonly string[] s_paths = ["/plaintext", "/json", "/db", "/fortunes"];

    public static IReadOnlyList<IScenario> All { get; } =
    [
        .. s_paths.Select(path => Stacks(path, $"stacks-{path[1..]}", new Wrk(connections: 64, threads: 1))),
        .. s_paths[2..].Select(path => Stacks(path, $"stacks-{path[1..]}-rate", new FixedRate(connections: 64, Rate, "GET", address => new HttpRequests(address)))),
        new PressureScenario(),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(s => s.Name)];

    private static LoadScenario Stacks(string path, string name, ILoadGenerator load) => new(name, path, load) { WithStacks = true, Needs = Ability.Json | Ability.Database };
}

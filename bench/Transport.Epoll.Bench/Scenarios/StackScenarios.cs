using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>The stacks that one would run instead, beside one database; and, between our transports alone, what public benchmarks measure besides.</summary>
internal static class StackScenarios
{
    /// <summary>What all of them together are called on the command line.</summary>
    public const string Group = "comparison";

    public const string Unary = "/sample.Sums/Add";

    /// <summary>A hundred messages for each call.</summary>
    public const string Streaming = "/sample.Sums/AddStream";

    /// <summary>The slowest stack still serves it.</summary>
    private const int Rate = 400;

    private static readonly string[] s_paths = ["/plaintext", "/json", "/db", "/fortunes"];

    public static IReadOnlyList<IScenario> All { get; } =
    [
        .. s_paths.Select(path => Stacks(path, $"stacks-{path[1..]}", new Wrk(connections: 64, threads: 1))),
        .. s_paths[2..].Select(path => Stacks(path, $"stacks-{path[1..]}-rate", new FixedRate(connections: 64, Rate, "GET", address => new HttpRequests(address)))),
        new PressureScenario(),

        // Profiles of HttpArena (github.com/MDA2AV/HttpArena), as far as two processors can show them.
        Arena("json-tls", "/json", new Wrk(connections: 64, threads: 1), Ability.Json, tls: true),
        Arena("static", "/files/7.bin", new Wrk(connections: 64, threads: 1, script: "files.lua"), Ability.Extras),
        Arena("upload", "/upload", new Wrk(connections: 16, threads: 1, script: "upload20m.lua"), Ability.Upload),
        Arena("echo-ws", "/ws", new ClosedLoop("WebSocket echo of 128 bytes", 256, address => new WebSocketMessages(address, length: 128)), Ability.WebSocket),
        Arena("unary-grpc", Unary, new H2Load(connections: 16, streams: 32, grpc: "sum.grpc"), Ability.Extras, http2: true),
        Arena("stream-grpc", Streaming, new H2Load(connections: 16, streams: 8, grpc: "sums.grpc"), Ability.Extras, http2: true),
        Arena("limited-conn", "/plaintext", new Wrk(connections: 64, threads: 1, script: "churn.lua"), Ability.Close),
        Arena("await10", "/delay/10", new Wrk(connections: 1024, threads: 1), Ability.Timing),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(s => s.Name)];

    private static LoadScenario Stacks(string path, string name, ILoadGenerator load) =>
        new(name, path, load) { Only = Contender.Stacks, WithDatabase = true, Needs = Ability.Json | Ability.Database };

    private static LoadScenario Arena(string name, string path, ILoadGenerator load, Ability needs, bool tls = false, bool http2 = false) => new($"arena-{name}", path, load)
    {
        Only = Contender.Transports,
        Needs = needs,
        WithExtras = needs == Ability.Extras,
        Tls = tls,
        Http2 = http2,
        MinSeconds = needs is Ability.Timing or Ability.Upload ? 2 : 0, // the longest of their requests and connects
    };
}

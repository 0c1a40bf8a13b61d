using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>All scenarios by name.</summary>
internal static class ScenarioCatalog
{
    /// <summary>Half of the processors for the load, half for the server: two load threads beside a loop on two cores measure the scheduler.</summary>
    private static readonly int LoadThreads = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>What Auto costs beside Inline is a matter of a few percent.</summary>
    private const int RoundsForModes = 21;

    private static readonly int[] s_connections = [1, 8, 64, 256, 1024, 4096];

    private static readonly IScenario[] s_all =
    [
        .. s_connections.Select(c => Keep($"plaintext{c}", "/plaintext", c)),
        new LoadScenario("plaintext64-default", "/plaintext", NewWrk(64)) { WithPeers = true },
        .. s_connections.Select(c => Keep($"json{c}", "/json", c)),
        new LoadScenario("pipelined", "/plaintext", NewWrk(64, script: "pipeline.lua")) { Loops = 1, MinSeconds = 3 },
        new LoadScenario("await", "/delay/1", NewWrk(256)) { Loops = 1, Needs = Ability.Timing },
        new LoadScenario("spin1", "/spin/1", NewWrk(64)) { Needs = Ability.Timing, MinSeconds = 3 },
        .. LowRateScenarios.All,

        // The first second of a run costs up to twice the last.
        new LoadScenario("h2", "/plaintext", new H2Load(connections: 16, streams: 32)) { Http2 = true, MinSeconds = 3, WithPeers = true },
        new LoadScenario("h2-64x1", "/plaintext", new H2Load(connections: 64, streams: 1)) { Http2 = true, MinSeconds = 3 },
        new LoadScenario("tls", "/plaintext", NewWrk(64)) { Tls = true, Loops = 1, WithPeers = true },
        new LoadScenario("tls-handshakes", "/plaintext", new ClosedLoop("TLS handshake without resumption and GET", 16, a => new TlsHandshakes(a)))
            { Tls = true, Needs = Ability.Close, MinSeconds = 3 },
        .. TlsScenarios.All,
        new LoadScenario("churn1", "/plaintext", NewWrk(64, header: "Connection: close")) { Loops = 1, Needs = Ability.Close, WithPeers = true },
        new LoadScenario("churn10", "/plaintext", new ClosedLoop("GET, 10 on a connection", 64, a => new HttpRequests(a, requestsPerConnection: 10)))
            { Loops = 1, Needs = Ability.Close },
        new LoadScenario("churn10-wrk", "/plaintext", NewWrk(64, script: "churn.lua")) { Loops = 1, Needs = Ability.Close },
        new LoadScenario("download1m", "/download/1048576", NewWrk(16)) { Needs = Ability.Download, MinSeconds = 3 },
        new LoadScenario("download16k", "/download/16384", NewWrk(16)) { Needs = Ability.Download, WithPeers = true },
        new LoadScenario("upload1m", "/upload", NewWrk(16, script: "upload.lua")) { Needs = Ability.Upload },
        new LoadScenario("websocket", "/ws", new ClosedLoop("WebSocket echo of 128 bytes", 256, a => new WebSocketMessages(a, length: 128)))
            { Needs = Ability.WebSocket },
        new LoadScenario("idle", "/plaintext", new IdleConnections(8_000)) { Needs = Ability.Info, Fresh = true, Rounds = 3 },
        new LoadScenario("blocked", "/plaintext", NewBlocked())
            { Needs = Ability.Timing, MinSeconds = 20, Rounds = 3 },
        new LoadScenario("blocked-tls", "/plaintext", NewBlocked()) { Tls = true, Needs = Ability.Timing, MinSeconds = 20, Rounds = 3 },
        new LoadScenario("blocked-h2", "/plaintext", NewBlocked(http2: true)) { Http2 = true, Needs = Ability.Timing, MinSeconds = 20, Rounds = 3 },
        new LoadScenario("blocked-unix", "/plaintext",
            new BesideLoad(new FixedRate(16, 2_000, "GET through a unix socket", NewUnix), new ClosedLoop("GET through a unix socket", 1, NewUnix), "/block/200"))
            { Unix = UnixEndpoint.Http, Needs = Ability.Timing | Ability.UnixSocket, MinSeconds = 20, Rounds = 3 },
        new LoadScenario("blocked-lines", "/plaintext",
            new BesideLoad(new FixedRate(16, 2_000, "line without HTTP", a => new Lines(a)), new ClosedLoop("line without HTTP", 1, a => new Lines(a)), "/block/200"))
            { Unix = UnixEndpoint.Lines, Needs = Ability.Timing | Ability.UnixSocket, MinSeconds = 20, Rounds = 3 },
        new LoadScenario("blocked-websocket", "/ws",
            new BesideLoad(new FixedRate(16, 2_000, "WebSocket echo of 128 bytes", a => new WebSocketMessages(a, length: 128)), NewGet(1), "/block/200"))
            { Needs = Ability.Timing | Ability.WebSocket, MinSeconds = 20, Rounds = 3 },
        new LoadScenario("everybody-blocks", "/block/20", NewGet(64, halves: true)) { Needs = Ability.Timing, MinSeconds = 60, Fresh = true, Rounds = 3 },
        new LoadScenario("cpu-heavy", "/plaintext", new BesideLoad(NewGet(16), NewGet(4), "/spin/20")) { Needs = Ability.Timing, MinSeconds = 10, Rounds = 5 },
        new LoadScenario("mixed", "/plaintext", new BesideLoad(NewGet(16), NewGet(48), "/block/20")) { Needs = Ability.Timing, MinSeconds = 10, Fresh = true, Rounds = 5 },
        new LoadScenario("sync-over-async", "/plaintext", new BesideLoad(NewGet(16), NewLateBodies(16), "/upload/blocking"))
            { Needs = Ability.SyncOverAsync, MinSeconds = 10, Rounds = 5 },
        new LoadScenario("sync-own-server", "/plaintext", new BesideLoad(NewGet(16), NewGet(4), "/self/blocking"))
            { Needs = Ability.SyncOverAsync, MinSeconds = 10, Rounds = 5 },
        new LoadScenario("sync-neighbour", "/plaintext", new BesideLoad(NewGet(16), NewMeetings(4), "/meet"))
            { Needs = Ability.SyncOverAsync, MinSeconds = 10, Rounds = 5 },
        new LoadScenario("now-and-then", "/plaintext", new ClosedLoop("GET, one in 200 /block/20", 16, a => new HttpRequests(a) { Sometimes = (200, "/block/20") }) { OtherPaths = ["/block/20"] })
            { Needs = Ability.Timing, MinSeconds = 10, Rounds = 5 },
        new LoadScenario("recovery", "/plaintext", new AfterBlocking(16, "/block/20", TimeSpan.FromSeconds(3))) { Needs = Ability.Timing, MinSeconds = 5, Rounds = 5 },
        new LoadScenario("first-requests", "/json", NewGet(16)) { Needs = Ability.Info, MinSeconds = 2, Fresh = true },
        new LoadScenario("busy-machine", "/plaintext", new BesideBusyProcesses(NewGet(16), perProcessor: 2)) { Needs = Ability.Info, MinSeconds = 10, Rounds = 3 },
        new LoadScenario("pauses", "/plaintext", new BesidePauses(NewGet(16), TimeSpan.FromMilliseconds(200), every: TimeSpan.FromSeconds(2)))
            { Needs = Ability.Info, MinSeconds = 10, Rounds = 3 },
        new LoadScenario("garbage", "/plaintext", new BesideLoad(NewGet(16), NewGet(1), "/garbage/1000000")) { Needs = Ability.Info, MinSeconds = 10, Rounds = 3 },
        new LoadScenario("quiet", "/plaintext", new QuietThreads(new BesideLoad(NewGet(16), NewGet(8), "/block/20"))) { Needs = Ability.Info, MinSeconds = 3, Rounds = 3 },
        .. StackScenarios.All,
        .. DatabaseScenario.All,
        new AllocationScenario(),
        new LeakScenario(),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(s => s.Name)];

    public static IReadOnlyList<string> DefaultNames { get; } = [.. s_all.Where(s => s.IsDefault).Select(s => s.Name)];

    public static IScenario Find(string name) => s_all.Single(s => s.Name == name);

    private static LoadScenario Keep(string name, string path, int connections) => new(name, path, NewWrk(connections))
    {
        Loops = 1,
        Needs = path == "/json" ? Ability.Json : Ability.Plaintext,
        MinSeconds = connections >= 256 ? 3 : 0, // a second says little of so many; connecting them takes its time
        Rounds = connections == 64 ? RoundsForModes : LoadScenario.DefaultRounds,
        WithPeers = name is "plaintext64" or "json256",
    };

    private static Wrk NewWrk(int connections, string script = "report.lua", string? header = null) =>
        new(connections, Math.Min(LoadThreads, connections), script, header);

    private static BesideLoad NewBlocked(bool http2 = false) => new(NewRate(connections: 16, rate: 2_000, http2), NewGet(1, http2: http2), "/block/200");

    private static FixedRate NewRate(int connections, int rate, bool http2 = false) => new(connections, rate, Get(http2), a => new HttpRequests(a) { Http2 = http2 });

    private static HttpRequests NewUnix(Uri address) => new(address, unixSocket: UnixSocket.PathOf(address.Port));

    private static ClosedLoop NewMeetings(int pairs) =>
        new("pair of GETs, the first waits for the second, 20 ms later", pairs, a => new Meetings(a, TimeSpan.FromMilliseconds(20)));

    private static ClosedLoop NewLateBodies(int connections) =>
        new("POST, body 20 ms after the head", connections, a => new LateBodies(a, length: 1_000, TimeSpan.FromMilliseconds(20)));

    private static ClosedLoop NewGet(int connections, bool halves = false, bool http2 = false) =>
        new(Get(http2), connections, a => new HttpRequests(a) { Http2 = http2 }) { Halves = halves };

    private static string Get(bool http2) => http2 ? "HTTP/2 GET" : "GET";
}

using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>What servers on the open internet do: https with plain <c>UseHttps</c>, and with <c>UseEpollHttps</c>, and the default number of loops, beside nginx.</summary>
internal static class TlsScenarios
{
    private const int HandshakeClients = 4;

    private static readonly int s_loadThreads = Math.Max(1, Environment.ProcessorCount / 2);

    public static IReadOnlyList<IScenario> All { get; } =
    [
        new LoadScenario("tls-keep8", "/plaintext", NewWrk(8)) { Tls = true, WithPeers = true },
        new LoadScenario("tls-keep64", "/plaintext", NewWrk(64)) { Tls = true, WithPeers = true },

        // The first second of a run costs up to twice the last.
        new LoadScenario("tls-h2", "/plaintext", new H2Load(connections: 16, streams: 32)) { Tls = true, Http2 = true, MinSeconds = 3, WithPeers = true },
        new LoadScenario("tls-h2-64x1", "/plaintext", new H2Load(connections: 64, streams: 1)) { Tls = true, Http2 = true, MinSeconds = 3, WithPeers = true },
        new LoadScenario("tls-download1m", "/download/1048576", NewWrk(16)) { Tls = true, Needs = Ability.Download, WithPeers = true },
        new LoadScenario("tls-upload1m", "/upload", NewWrk(16, "upload.lua")) { Tls = true, Needs = Ability.Upload, WithPeers = true },
        NewHandshakes("tls-full-ecdsa", resumed: false, rsa: false),
        NewHandshakes("tls-full-rsa", resumed: false, rsa: true),
        NewHandshakes("tls-resumed-ecdsa", resumed: true, rsa: false),
        NewHandshakes("tls-resumed-rsa", resumed: true, rsa: true),
        new LoadScenario("tls-idle", "/plaintext", new IdleConnections(1_000)) { Tls = true, Fresh = true, Rounds = 3, WithPeers = true },
    ];

    private static Wrk NewWrk(int connections, string script = "report.lua") => new(connections, s_loadThreads, script);

    private static LoadScenario NewHandshakes(string name, bool resumed, bool rsa) =>
        new(name, "/plaintext", new TlsConnections(HandshakeClients, resumed)) { Tls = true, Rsa = rsa, Needs = Ability.Close, MinSeconds = 3, WithPeers = true };
}

namespace Transport.Epoll.Bench.Servers;

/// <summary>What stands behind nginx: processes of one kind, each on a port of its own, without TLS or HTTP/2.</summary>
internal interface IBackend
{
    Ability Abilities { get; }

    IEnumerable<string> Needs { get; }

    ChildProcess Start(string name, ServerSettings settings, int port);
}

/// <summary>The sample on the epoll transport, one loop in each process.</summary>
internal sealed class SampleBackend : IBackend
{
    // A collected heap or an allocation count of one backend says nothing about the others, and handlers can't meet in two of them.
    public Ability Abilities => Ability.Sample & ~Ability.Info;

    public IEnumerable<string> Needs => [];

    public ChildProcess Start(string name, ServerSettings settings, int port) =>
        new SampleLauncher(mayBlock: true, "--transport", "epoll").Start(name, settings with { Loops = 1, Http2 = false, Tls = false, Unix = UnixEndpoint.None }, port);
}

/// <summary>A Tornado app with the same answers.</summary>
internal sealed class TornadoBackend : IBackend
{
    /// <summary>Debian's own: its python3-tornado is for this interpreter only.</summary>
    private const string Python = "/usr/bin/python3";

    public Ability Abilities => Ability.Json | Ability.Close | Ability.Http2 | Ability.Tls | Ability.Timing;

    public IEnumerable<string> Needs => [Python, "/usr/lib/python3/dist-packages/tornado"];

    public ChildProcess Start(string name, ServerSettings settings, int port) =>
        ChildProcess.Start(name, settings.Pinned, Python, Path.Combine(AppContext.BaseDirectory, "Limits", "tornado_app.py"), $"{port}");
}

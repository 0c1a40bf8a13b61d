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
    public Ability Abilities => (Ability.Sample | Ability.Database) & ~Ability.Info;

    public IEnumerable<string> Needs => [];

    public ChildProcess Start(string name, ServerSettings settings, int port) =>
        new SampleLauncher(mayBlock: true, "--transport", "epoll").Start(name, settings with { Loops = 1, Http2 = false, Tls = false, Unix = UnixEndpoint.None, Limit = null }, port);
}

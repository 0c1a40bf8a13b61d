namespace Transport.Epoll.Bench.Servers;

/// <summary>Knows how to start one kind of server.</summary>
internal interface ILauncher
{
    Ability Abilities { get; }

    /// <summary>Commands and files that must be there; a contender that lacks one is skipped, by name.</summary>
    IEnumerable<string> Needs { get; }

    /// <summary>A path that answers 200 as soon as the server serves.</summary>
    string ProbePath { get; }

    /// <summary>Starts the processes of a server that listens on <paramref name="port"/> of 127.0.0.1 and adds each to <paramref name="children"/>.</summary>
    Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation);
}

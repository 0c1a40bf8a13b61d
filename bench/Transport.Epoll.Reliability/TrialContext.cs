namespace Transport.Epoll.Reliability;

/// <summary>How the trials of one run are done. Immutable.</summary>
/// <param name="Transport">The sample's <c>--transport</c>.</param>
/// <param name="Scheduling">The sample's <c>--scheduling</c>; only for epoll.</param>
/// <param name="Folder">A folder for sockets and configuration, gone after the run.</param>
internal sealed record TrialContext(string Transport, string? Scheduling, string Folder)
{
    /// <summary>How often, if not as often as the trial does by itself.</summary>
    public int? Times { get; init; }

    /// <summary>The length of a soak.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Where charts go; none are drawn without.</summary>
    public string? Charts { get; init; }

    /// <summary>The server under test. Another build of it, for a fault put in by hand, is named with <c>--sample</c>.</summary>
    public string Sample { get; init; } = Path.Combine(AppContext.BaseDirectory, "Sample.Web.dll");

    /// <summary>Asks nginx not to try the other server (<c>proxy_next_upstream off</c>).</summary>
    public bool NoRetry { get; init; }

    /// <summary>The server listens on a unix socket instead of a port.</summary>
    public bool Unix { get; init; }

    public bool IsEpoll => Transport == "epoll";

    /// <summary>For the table.</summary>
    public string Server => $"{Transport}{(Scheduling is null ? "" : $", {Scheduling}")}{(Unix ? ", unix" : "")}";

    /// <summary>The sample's arguments that choose the transport.</summary>
    public IEnumerable<string> TransportArguments => ["--transport", Transport, .. IsEpoll && Scheduling is not null ? ["--scheduling", Scheduling] : Array.Empty<string>()];

    /// <summary>Where the next server listens: on a free port, or on a socket in the folder, with a name that no other had.</summary>
    public string NewAddress() => Unix ? $"http://unix:{Path.Combine(Folder, $"{Guid.NewGuid():N}.sock")}" : "http://127.0.0.1:0";
}

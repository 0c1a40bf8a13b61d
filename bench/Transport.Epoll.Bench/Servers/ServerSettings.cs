namespace Transport.Epoll.Bench.Servers;

/// <summary>How the servers of one scenario are started. Immutable.</summary>
/// <param name="Sample">The built sample.</param>
/// <param name="Folder">A temporary folder for configuration files, certificates and compiled programs.</param>
/// <param name="Loops">Event loops, workers or threads; null leaves each server its default.</param>
/// <param name="Http2">Serve HTTP/2 with prior knowledge instead of HTTP/1.1.</param>
/// <param name="Tls">Serve https.</param>
/// <param name="Pinned">Everything that serves runs on processor 0.</param>
internal sealed record ServerSettings(SampleBuild Sample, string Folder, int? Loops, bool Http2, bool Tls, bool Pinned)
{
    /// <summary>What is served on a unix socket too, see <see cref="UnixSocket"/>.</summary>
    public UnixEndpoint Unix { get; init; }

    /// <summary>With <see cref="Tls"/>: a certificate with an RSA key of 2,048 bits instead of an ECDSA one of P-256.</summary>
    public bool Rsa { get; init; }

    /// <summary>What the database routes read; null where they are not asked for.</summary>
    public MariaDb? Database { get; init; }

    /// <summary>Whether the sample serves <see cref="SampleFiles"/> and gRPC, too.</summary>
    public bool Extras { get; init; }

    /// <summary>Requests that a server works on at a time, the rest is answered 503; null for no limit.</summary>
    public int? Limit { get; init; }

    /// <summary>The processors that a server may use.</summary>
    public int Processors => Pinned ? 1 : Environment.ProcessorCount;

    /// <summary>The number of workers for servers that need to be told one.</summary>
    public int Workers => Loops ?? Processors;

    public string Scheme => Tls ? "https" : "http";
}

namespace Transport.Epoll.Bench.Servers;

/// <summary>What the sample serves on a unix socket beside its port.</summary>
internal enum UnixEndpoint
{
    None,

    /// <summary>HTTP, as on the port.</summary>
    Http,

    /// <summary>The sample's lines: a connection handler without HTTP.</summary>
    Lines,
}

namespace Transport.Epoll.Diagnostics;

/// <summary>What first ended a connection.</summary>
internal enum ConnectionEnd
{
    /// <summary>The application, or Kestrel, had said all.</summary>
    ServerClosed,

    /// <summary>The peer had said all (FIN).</summary>
    PeerClosed,

    /// <summary>The peer has reset it (RST).</summary>
    PeerReset,

    /// <summary>The application, or Kestrel, aborted it.</summary>
    Aborted,

    /// <summary>A system call failed, as when a peer can't be reached any more.</summary>
    Error,
}

/// <summary>The names that metrics and events have for <see cref="ConnectionEnd"/>.</summary>
internal static class ConnectionEndNames
{
    private static readonly string[] s_names = ["server_closed", "peer_closed", "peer_reset", "aborted", "error"];

    public static string Name(this ConnectionEnd end) => s_names[(int)end];
}

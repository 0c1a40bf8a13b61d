namespace Transport.Epoll.Diagnostics;

/// <summary>Who connected to a unix socket: the process, and its user and group at that time (SO_PEERCRED, unix(7)).</summary>
public sealed class EpollPeerCredentials
{
    /// <summary>The process; 0 if it is outside of this process's PID namespace.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Its effective user.</summary>
    public required long UserId { get; init; }

    /// <summary>Its effective group.</summary>
    public required long GroupId { get; init; }
}

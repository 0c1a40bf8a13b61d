namespace Transport.Epoll.Diagnostics;

/// <summary>What <see cref="EpollDiagnostics.Capture"/> shall list.</summary>
public sealed class EpollCaptureOptions
{
    /// <summary>How many connections are listed at most; 0 or more, the default is 1000. They are some of each loop, in no order.</summary>
    public int MaxConnections { get; set; } = 1000;

    /// <summary>Whether the kernel is asked about each TCP connection that is listed, a system call of about a microsecond. The default is <see langword="false"/>.</summary>
    public bool WithTcpInfo { get; set; }
}

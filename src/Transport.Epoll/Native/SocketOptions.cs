using System.Net;
using System.Runtime.InteropServices;
using static Tmds.Linux.LibC;

namespace Transport.Epoll.Native;

/// <summary>The socket options that the transport sets, each by the name of what it does.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class SocketOptions
{
    /// <summary>IPPROTO_MPTCP of linux/in.h, which Tmds.LibC leaves out.</summary>
    private const int MultipathTcp = 262;

    // SO_MEMINFO of asm-generic/socket.h, which Tmds.LibC leaves out: an array, whose last entry is SK_MEMINFO_DROPS (linux/sock_diag.h).
    private const int MemoryInfo = 55;
    private const int DropsEntry = 8;

    // linux/tcp.h, net/tcp_states.h.
    private const int TcpInfo = 11;
    private const int FinWait1 = 4;
    private const int FinWait2 = 5;
    private const int LastAck = 9;
    private const int Closing = 11;

    /// <summary>
    /// Classic BPF for a listening TCP socket: drop a segment with SYN and without ACK, keep all others. The filter sees the TCP header
    /// at offset 0, its flags in byte 13 (tcp_filter in net/ipv4/tcp_ipv4.c). struct sock_filter: code, jump true, jump false, k.
    /// </summary>
    private static readonly ulong[] s_dropNewConnections =
    [
        Instruction(0x30, 0, 0, 13),   // A = byte 13 of the segment
        Instruction(0x54, 0, 0, 0x12), // A &= SYN | ACK
        Instruction(0x15, 0, 1, 0x02), // A == SYN ?
        Instruction(0x06, 0, 0, 0),    // yes: drop
        Instruction(0x06, 0, 0, uint.MaxValue),
    ];

    /// <summary>Lets a restart bind over connections in TIME_WAIT (socket(7)).</summary>
    public static SysResult ReuseAddress(Kernel kernel, int descriptor) => kernel.SetOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);

    /// <summary>Lets the sockets of one user share a port; the kernel spreads connections over them (socket(7)).</summary>
    public static SysResult ReusePort(Kernel kernel, int descriptor) => kernel.SetOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);

    /// <summary>On a listener: accepted sockets inherit it (tcp(7)).</summary>
    public static SysResult NoDelay(Kernel kernel, int descriptor) => kernel.SetOption(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);

    /// <summary>Whether an IPv6 socket serves IPv4 clients too (ipv6(7)): only the wildcard address does, as with Kestrel's own transport.</summary>
    public static SysResult DualMode(Kernel kernel, int descriptor, IPAddress address)
        => kernel.SetOption(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, address.Equals(IPAddress.IPv6Any) ? 0 : 1);

    /// <summary>The listener hears of no new connection; those in its queue stay, half-open handshakes finish.</summary>
    public static SysResult DropNewConnections(Kernel kernel, int descriptor) => kernel.AttachFilter(descriptor, s_dropNewConnections);

    /// <summary>Whether the descriptor is a listening socket (SO_ACCEPTCONN, socket(7)).</summary>
    public static bool IsListening(Kernel kernel, int descriptor)
        => kernel.GetOption(descriptor, SOL_SOCKET, SO_ACCEPTCONN, out int listening).IsOk && listening != 0;

    /// <summary>What a descriptor is that can't be served; <see langword="null"/> if it can: a TCP (or MPTCP) socket, or a stream unix socket.</summary>
    public static string? FindObstacle(Kernel kernel, int descriptor)
    {
        if (!kernel.GetOption(descriptor, SOL_SOCKET, SO_DOMAIN, out int domain).IsOk
            || !kernel.GetOption(descriptor, SOL_SOCKET, SO_TYPE, out int type).IsOk
            || !kernel.GetOption(descriptor, SOL_SOCKET, SO_PROTOCOL, out int protocol).IsOk)
        {
            return "no open socket";
        }

        bool isServed = type == SOCK_STREAM && (domain == AF_UNIX
            || ((domain == AF_INET || domain == AF_INET6) && (protocol == IPPROTO_TCP || protocol == MultipathTcp)));
        return isServed ? null : $"a socket of address family {domain}, type {type} and protocol {protocol} (socket(2))";
    }

    /// <summary>Whether this side of a TCP connection has sent a FIN, or will after what is queued (the first byte of struct tcp_info, tcp(7)).</summary>
    public static bool IsSendingShutDown(Kernel kernel, int descriptor)
        => kernel.GetOption(descriptor, IPPROTO_TCP, TcpInfo, out int info).IsOk && (info & 0xFF) is FinWait1 or FinWait2 or LastAck or Closing;

    /// <summary>How many packets the kernel dropped at a listening TCP socket: handshakes for which its queue was full, mostly (tcp_listendrop in net/tcp.h). 0 where it does not say (before 4.12).</summary>
    public static uint Drops(Kernel kernel, int descriptor)
    {
        Span<uint> entries = stackalloc uint[DropsEntry + 1];
        entries.Clear();
        return kernel.GetOption(descriptor, SOL_SOCKET, MemoryInfo, MemoryMarshal.AsBytes(entries)).IsOk ? entries[DropsEntry] : 0;
    }

    /// <summary>Who connected to a unix socket (SO_PEERCRED, unix(7)).</summary>
    public static bool TryGetPeer(Kernel kernel, int descriptor, out int process, out uint user, out uint group)
    {
        Span<uint> credentials = stackalloc uint[3]; // struct ucred: pid, uid, gid
        credentials.Clear();
        bool known = kernel.GetOption(descriptor, SOL_SOCKET, SO_PEERCRED, MemoryMarshal.AsBytes(credentials)).IsOk;
        (process, user, group) = ((int)credentials[0], credentials[1], credentials[2]);
        return known;
    }

    private static ulong Instruction(ushort code, byte jumpTrue, byte jumpFalse, uint k)
        => code | ((ulong)jumpTrue << 16) | ((ulong)jumpFalse << 24) | ((ulong)k << 32);
}

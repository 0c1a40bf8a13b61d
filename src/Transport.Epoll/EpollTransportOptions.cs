using System.Net;
using System.Net.Sockets;

namespace Transport.Epoll;

/// <summary>
/// Options of the epoll transport. They bind from the configuration section <c>Kestrel:Transport:Epoll</c>;
/// what code sets wins over configuration. They are validated once, when the transport is created.
/// </summary>
public sealed class EpollTransportOptions
{
    /// <summary>The configuration section that these options bind from: <c>Kestrel:Transport:Epoll</c>.</summary>
    public const string ConfigurationSection = "Kestrel:Transport:Epoll";

    /// <summary>
    /// The number of event loops, which all endpoints share.
    /// From 1 to 1024; the default is <see cref="Environment.ProcessorCount"/>, which respects container limits.
    /// </summary>
    /// <remarks>
    /// In mode <see cref="EpollScheduling.Auto"/> it is the most that runs in parallel: so many threads as the load needs serve all loops. In the other modes,
    /// and with <see cref="CpuAffinity"/>, each loop has a thread, and more loops than processors only add context switches.
    /// </remarks>
    public int LoopCount { get; set; } = Math.Clamp(Environment.ProcessorCount, 1, 1024);

    /// <summary>Where application code runs. The default is <see cref="EpollScheduling.Auto"/>.</summary>
    public EpollScheduling Scheduling { get; set; } = EpollScheduling.Auto;

    /// <summary>The constants of <see cref="EpollScheduling.Auto"/>; the other modes have no use for them.</summary>
    public AutoSchedulingOptions Auto { get; } = new();

    /// <summary>
    /// The number of connections that the kernel keeps for each listening socket before they are accepted.
    /// From 1 to 65535; the default is 512. The kernel caps it at <c>/proc/sys/net/core/somaxconn</c> (listen(2)).
    /// </summary>
    public int Backlog { get; set; } = 512;

    internal const int MaxBacklog = 65535;

    /// <summary>
    /// Whether small segments are sent at once (TCP_NODELAY, tcp(7)) rather than held back for the peer's acknowledgement.
    /// The default is <see langword="true"/>. It has no effect on unix sockets.
    /// </summary>
    public bool NoDelay { get; set; } = true;

    /// <summary>
    /// The number of received bytes, per connection, at which reading pauses until the application has consumed half of them.
    /// The default is 1,048,576 bytes (1 MiB); 0 or <see langword="null"/> means no limit, which lets one peer fill the memory.
    /// </summary>
    public long? MaxReadBufferSize { get; set; } = 1024 * 1024;

    /// <summary>
    /// The number of bytes waiting to be sent, per connection, at which the application's flush waits until half of them are sent.
    /// The default is 65,536 bytes (64 KiB); 0 or <see langword="null"/> means no limit, which lets a slow peer fill the memory.
    /// </summary>
    public long? MaxWriteBufferSize { get; set; } = 64 * 1024;

    /// <summary>
    /// Whether the loops share one listening socket per endpoint or have one each (SO_REUSEPORT, socket(7)).
    /// The default is <see cref="ListenerSharding.SharedSocket"/>, with which no other process can bind the port. Unix sockets, inherited sockets and those that
    /// <c>SocketTransportOptions.CreateBoundListenSocket</c> makes are always shared.
    /// </summary>
    public ListenerSharding ListenerSharding { get; set; } = ListenerSharding.SharedSocket;

    /// <summary>How the application makes its bound sockets, if it says so to Kestrel's own transport (<c>UseSockets</c>); it then holds for ours, too.</summary>
    internal Func<EndPoint, Socket>? CreateBoundListenSocket { get; set; }

    /// <summary>What the application set for Kestrel's own transport and ours has no use for: names, or empty.</summary>
    internal string IgnoredSocketOptions { get; set; } = string.Empty;

    /// <summary>
    /// The permissions of the file of each unix socket that is bound: whoever may write to it may connect (unix(7)).
    /// Any of <see cref="UnixFileMode"/> but the set-id and sticky bits; in configuration by name, such as <c>"UserRead, UserWrite, GroupRead, GroupWrite"</c> for 0660.
    /// The default, <see langword="null"/>, is what the process's umask leaves of 0777.
    /// </summary>
    /// <remarks>
    /// Set before the socket listens, so that there is no moment in which others can connect. Sockets with an abstract name have no file and are open to
    /// every process of their network namespace: with this option they can't be bound. Inherited ones stay as they are. Needs glibc 2.32 or later, or musl: older ones can only set the mode of what a
    /// symbolic link in its place points to (fchmodat(2)), and the address then can't be bound.
    /// </remarks>
    public UnixFileMode? UnixSocketMode { get; set; }

    /// <summary>
    /// The user who owns the file of each unix socket that is bound: a name in <c>/etc/passwd</c> or a number. Users of other name services (LDAP, SSSD) have a number, too: <c>id -u NAME</c> tells it.
    /// The default, <see langword="null"/> or empty, is the process's own. Giving a file to another user takes root's rights (CAP_CHOWN);
    /// without them, if there is no such user, or if the socket's name is abstract, the address can't be bound.
    /// </summary>
    public string? UnixSocketUser { get; set; }

    /// <summary>
    /// The group of the file of each unix socket that is bound: a name in <c>/etc/group</c> or a number, which groups of other name services (LDAP, SSSD) have, too.
    /// The default, <see langword="null"/> or empty, is the process's own. Without root's rights it may be any group that the process belongs to;
    /// with another one, if there is no such group, or if the socket's name is abstract, the address can't be bound.
    /// </summary>
    public string? UnixSocketGroup { get; set; }

    /// <summary>
    /// The processors that the loops run on: loop <c>i</c> is bound to entry <c>i % Count</c> (sched_setaffinity(2)).
    /// Each entry is from 0 to 1023 and must be a processor that the process may use.
    /// The default, <see langword="null"/> or an empty list, leaves the choice to the kernel.
    /// </summary>
    /// <remarks>
    /// A child process inherits the processors of the thread that starts it (sched_setaffinity(2)): one that a handler starts on its loop may use that loop's
    /// processor only. Start it from the thread pool, with <c>Task.Run</c>, where all processors of the process are allowed.
    /// </remarks>
    public IList<int>? CpuAffinity { get; set; }

    /// <summary>
    /// How long at most, in microseconds, a thread whose loops have run out of work may poll before it blocks.
    /// From 0 to 1000; 0 is off. It polls for two wake-ups, which are measured when the first endpoint is bound, and only while that would have
    /// bridged fifteen of sixteen gaps lately; never on a single processor; and it lets other threads that wait for its processor run in
    /// between (sched_yield(2)). The default is 100.
    /// </summary>
    public int SpinDuration { get; set; } = 100;
}

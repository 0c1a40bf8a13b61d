using System.Net;
using System.Net.Sockets;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>A listener as observers see it. How its queue does only the kernel knows, and it tells of TCP sockets only.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class ListenerProbe(Kernel kernel, EndPoint endPoint, ListenSocket[] sockets, WaitingRoom waiting, AcceptFailures failures) : IObservedListener
{
    public KeyValuePair<string, object?>[] Tags { get; } = TagsOf(endPoint);

    public int Waiting => waiting.Count;

    public EpollListenerSnapshot Capture()
    {
        (long Length, long Limit, long Drops)? queue = null;
        foreach (ListenSocket socket in sockets)
        {
            if (!socket.IsUnix && TryAsk(socket.Descriptor, out long length, out long limit, out long drops))
            {
                queue = (queue.GetValueOrDefault().Length + length, queue.GetValueOrDefault().Limit + limit, queue.GetValueOrDefault().Drops + drops);
            }
        }

        return new EpollListenerSnapshot
        {
            EndPoint = endPoint.ToString() ?? string.Empty,
            Waiting = Waiting,
            QueueLength = queue?.Length,
            QueueLimit = queue?.Limit,
            QueueDrops = queue?.Drops,
            AcceptErrors = failures.Counts,
        };
    }

    private bool TryAsk(FileDescriptor descriptor, out long length, out long limit, out long drops)
    {
        (length, limit, drops) = (0, 0, 0);
        if (!descriptor.TryBorrow())
        {
            return false;
        }

        bool known = TcpState.TryRead(kernel, descriptor.Number, out TcpState info);
        (length, limit) = (info.Unacknowledged, info.Sacked);
        drops = SocketOptions.Drops(kernel, descriptor.Number);
        descriptor.Return();
        return known;
    }

    /// <summary>As Kestrel's own metrics name an endpoint.</summary>
    private static KeyValuePair<string, object?>[] TagsOf(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint ip =>
        [
            new("server.address", ip.Address.ToString()),
            new("server.port", ip.Port),
            new("network.type", ip.Address.AddressFamily == AddressFamily.InterNetworkV6 && !ip.Address.IsIPv4MappedToIPv6 ? "ipv6" : "ipv4"),
            new("network.transport", "tcp"),
        ],
        UnixDomainSocketEndPoint unix => [new("server.address", unix.ToString()), new("network.transport", "unix")],
        _ => [new("server.address", endPoint.ToString())],
    };
}

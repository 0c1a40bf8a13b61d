using System.Net;
using System.Net.Sockets;
using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

/// <summary>Two connected sockets: the accepted end as the transport sees it (a bare, non-blocking descriptor), the other as a client has it.</summary>
internal sealed class SocketPair : IDisposable
{
    private SocketPair(int accepted, Socket client)
    {
        Accepted = accepted;
        Client = client;
    }

    /// <summary>For whoever takes it over; <see cref="Dispose"/> doesn't close it.</summary>
    public int Accepted { get; }

    public Socket Client { get; }

    public static SocketPair Tcp() => Connect(new IPEndPoint(IPAddress.Loopback, 0), ProtocolType.Tcp);

    public static SocketPair Unix() => Connect(new UnixDomainSocketEndPoint($"\0te-{Guid.NewGuid():N}"), ProtocolType.Unspecified);

    public void Dispose() => Client.Dispose();

    private static SocketPair Connect(EndPoint endPoint, ProtocolType protocol)
    {
        using Socket listener = new(endPoint.AddressFamily, SocketType.Stream, protocol);
        listener.Bind(endPoint);
        listener.Listen(1);
        Socket client = new(endPoint.AddressFamily, SocketType.Stream, protocol);
        client.Connect(listener.LocalEndPoint!);
        Span<byte> address = stackalloc byte[SocketAddresses.MaxLength];
        return new SocketPair(Kernel.Linux.Accept((int)listener.Handle, address, out _).Value, client);
    }
}

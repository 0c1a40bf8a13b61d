using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using static Tmds.Linux.LibC;

namespace Transport.Epoll.Native;

/// <summary>
/// Addresses between .NET and the kernel: IPv4 and IPv6 (with scope id) of ip(7) and ipv6(7), unix paths and abstract names of unix(7).
/// </summary>
/// <remarks>Any thread: no state.</remarks>
internal static class SocketAddresses
{
    /// <summary>The size of the kernel's largest address, struct sockaddr_storage (socket(7)).</summary>
    public const int MaxLength = 128;

    private static readonly UnixDomainSocketEndPoint s_unixFactory = new("/");

    /// <summary>AF_UNSPEC as an address: connecting to it dissolves a TCP connection with a reset (connect(2)).</summary>
    public static ReadOnlySpan<byte> Unspecified => new byte[16];

    /// <summary>The kernel's form of an endpoint.</summary>
    public static ReadOnlySpan<byte> ToKernel(EndPoint endPoint)
    {
        SocketAddress address = endPoint.Serialize();
        return address.Buffer.Span[..address.Size];
    }

    public static int Family(EndPoint endPoint) => endPoint.AddressFamily switch
    {
        AddressFamily.InterNetwork => AF_INET,
        AddressFamily.InterNetworkV6 => AF_INET6,
        AddressFamily.Unix => AF_UNIX,
        _ => throw new NotSupportedException($"The epoll transport can't serve address family {endPoint.AddressFamily}."),
    };

    /// <summary>An endpoint from the kernel's form; <see langword="null"/> for an unnamed unix socket.</summary>
    [SuppressMessage("Performance", "CA1859", Justification = "An endpoint of any family comes back.")]
    public static EndPoint? FromKernel(ReadOnlySpan<byte> address)
    {
        if (address.Length <= sizeof(ushort))
        {
            return null;
        }

        int family = BitConverter.ToUInt16(address);
        if (family == AF_INET)
        {
            return new IPEndPoint(new IPAddress(address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        }

        if (family == AF_INET6)
        {
            long scope = BitConverter.ToUInt32(address[24..]);
            return new IPEndPoint(new IPAddress(address.Slice(8, 16), scope), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        }

        SocketAddress copy = new(AddressFamily.Unix, address.Length);
        address.CopyTo(copy.Buffer.Span);
        return s_unixFactory.Create(copy);
    }
}

using System.Net;
using System.Net.Sockets;
using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

public class SocketAddressesTests
{
    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("127.0.0.1:80")]
    [InlineData("203.0.113.9:65535")]
    [InlineData("[::]:0")]
    [InlineData("[::1]:443")]
    [InlineData("[2001:db8::1]:8080")]
    [InlineData("[::ffff:192.0.2.1]:5000")]
    [InlineData("[fe80::1%7]:5000")]
    [InlineData("[fe80::1%4294967295]:5000")]
    public void FromKernel_OfToKernel_IsTheSameEndPoint(string text)
    {
        IPEndPoint endPoint = IPEndPoint.Parse(text);

        EndPoint? back = SocketAddresses.FromKernel(SocketAddresses.ToKernel(endPoint));

        Assert.Equal(endPoint, back);
        Assert.Equal(endPoint.ToString(), back!.ToString());
    }

    [Fact]
    public void FromKernel_AddressWithScope_KeepsTheScopeId()
    {
        IPEndPoint endPoint = new(new IPAddress(IPAddress.Parse("fe80::1").GetAddressBytes(), 42), 1);

        IPEndPoint back = Assert.IsType<IPEndPoint>(SocketAddresses.FromKernel(SocketAddresses.ToKernel(endPoint)));

        Assert.Equal(42, back.Address.ScopeId);
    }

    [Theory]
    [InlineData("/run/a.sock")]
    [InlineData("relative.sock")]
    [InlineData("/run/überall.sock")]
    [InlineData("\0abstract")]
    [InlineData("\0with\0zero")]
    public void FromKernel_OfUnixName_IsTheSameEndPoint(string path)
    {
        UnixDomainSocketEndPoint endPoint = new(path);

        EndPoint? back = SocketAddresses.FromKernel(SocketAddresses.ToKernel(endPoint));

        Assert.Equal(endPoint, back);
    }

    [Fact]
    public void FromKernel_UnnamedSocket_IsNull()
    {
        using SocketPair pair = SocketPair.Unix();
        using FileDescriptor accepted = new(Kernel.Linux, pair.Accepted);
        Span<byte> address = stackalloc byte[SocketAddresses.MaxLength];

        Kernel.Linux.GetSocketName((int)pair.Client.Handle, address, out int length).ThrowIfFailed();

        Assert.Null(SocketAddresses.FromKernel(address[..length]));
        Assert.Null(SocketAddresses.FromKernel([]));
    }

    [Fact]
    public void FromKernel_NameOfARealSocket_IsWhatDotNetSays()
    {
        using SocketPair pair = SocketPair.Tcp();
        using FileDescriptor accepted = new(Kernel.Linux, pair.Accepted);
        Span<byte> address = stackalloc byte[SocketAddresses.MaxLength];

        Kernel.Linux.GetSocketName((int)pair.Client.Handle, address, out int length).ThrowIfFailed();

        Assert.Equal(pair.Client.LocalEndPoint, SocketAddresses.FromKernel(address[..length]));
    }

    [Fact]
    public void Family_OtherFamily_IsNotSupported()
        => Assert.Throws<NotSupportedException>(() => SocketAddresses.Family(new DnsEndPoint("localhost", 80)));

    [Fact]
    public void Family_ServedFamilies_AreTheKernels()
    {
        Assert.Equal(2, SocketAddresses.Family(new IPEndPoint(IPAddress.Any, 0)));
        Assert.Equal(10, SocketAddresses.Family(new IPEndPoint(IPAddress.IPv6Any, 0)));
        Assert.Equal(1, SocketAddresses.Family(new UnixDomainSocketEndPoint("/run/a.sock")));
    }
}

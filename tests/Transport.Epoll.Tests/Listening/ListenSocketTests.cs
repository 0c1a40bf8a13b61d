using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Listening;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

public sealed class ListenSocketTests : IDisposable
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    private readonly ScriptedKernel _kernel = new();
    private readonly List<ListenSocket> _sockets = [];

    public void Dispose() => _sockets.ForEach(socket => socket.Descriptor.Dispose());

    [Fact]
    public void Bind_PortZero_ResolvesItAndKeepsTheCallersEndPoint()
    {
        IPEndPoint endPoint = new(IPAddress.Loopback, 0);

        IPEndPoint bound = Assert.IsType<IPEndPoint>(Bind(endPoint).Single().EndPoint);

        Assert.NotEqual(0, bound.Port);
        Assert.Equal(0, endPoint.Port);
    }

    [Fact]
    public void Bind_Siblings_ShareThePort()
    {
        ListenSocket[] sockets = Bind(AnyPort, count: 3);

        Assert.Equal(3, sockets.Select(socket => socket.Descriptor.Number).Distinct().Count());
        Assert.Single(sockets.Select(socket => socket.EndPoint).Distinct());
        Assert.All(sockets, socket => Assert.True(socket.IsOwned));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    [InlineData(3, 3)]
    public void Bind_AddressTaken_IsAddressInUse(int first, int second)
    {
        EndPoint taken = Bind(AnyPort, first)[0].EndPoint;

        AddressInUseException exception = Assert.Throws<AddressInUseException>(() => Bind(taken, second));

        Assert.Equal(SocketError.AddressAlreadyInUse, Assert.IsType<SocketException>(exception.InnerException).SocketErrorCode);
    }

    [Fact]
    public void Bind_BindSaysInUse_IsAddressInUseAndClosesTheDescriptor()
    {
        _kernel.OnBind.Fail(Errno.EADDRINUSE);

        Assert.Throws<AddressInUseException>(() => Bind(AnyPort));

        Assert.Single(_kernel.Closed);
    }

    [Fact]
    public void Bind_ListenSaysInUse_IsAddressInUseAndClosesTheDescriptor()
    {
        _kernel.OnListen.Fail(Errno.EADDRINUSE);

        Assert.Throws<AddressInUseException>(() => Bind(AnyPort));

        Assert.Single(_kernel.Closed);
    }

    [Fact]
    public void Bind_ASiblingFails_ClosesAll()
    {
        _kernel.OnListen.Before = () =>
        {
            if (_kernel.OnListen.Calls == 3)
            {
                _kernel.OnListen.Fail(Errno.EADDRINUSE);
            }
        };

        Assert.Throws<AddressInUseException>(() => Bind(AnyPort, count: 3));

        Assert.Equal(3, _kernel.Closed.Distinct().Count());
    }

    [Theory]
    [InlineData(Errno.EACCES, SocketError.AccessDenied)]
    [InlineData(99, SocketError.AddressNotAvailable)]
    public void Bind_OtherError_PassesThrough(int errno, SocketError expected)
    {
        _kernel.OnBind.Fail(errno);

        SocketException exception = Assert.Throws<SocketException>(() => Bind(AnyPort));

        Assert.Equal(expected, exception.SocketErrorCode);
        Assert.Single(_kernel.Closed);
    }

    [Fact]
    public void Bind_OtherKindOfEndPoint_IsNotSupported()
        => Assert.Throws<NotSupportedException>(() => Bind(new DnsEndPoint("localhost", 80)));

    [Fact]
    public void Bind_UnixSocketListenFails_LeavesNoFile()
    {
        using TempSocketPath path = new();
        _kernel.OnListen.Fail(Errno.EADDRINUSE);

        Assert.Throws<AddressInUseException>(() => Bind(path.EndPoint));

        Assert.False(File.Exists(path.Path));
    }

    [Fact]
    public void Bind_AbstractUnixName_HasNoFile()
    {
        ListenSocket socket = Bind(new UnixDomainSocketEndPoint($"\0te-{Guid.NewGuid():N}")).Single();

        Assert.True(socket.IsUnix);
        Assert.Null(socket.File);
    }

    [Fact]
    public void Bind_InheritedListener_IsNotOwned()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(AnyPort);
        listener.Listen();

        ListenSocket socket = Bind(new FileHandleEndPoint((ulong)listener.Handle, FileHandleType.Auto)).Single();

        Assert.False(socket.IsOwned);
        Assert.Equal(listener.LocalEndPoint, socket.EndPoint);
        socket.Descriptor.Dispose();
        Assert.Empty(_kernel.Closed);
    }

    [Fact]
    public void Bind_InheritedSocketThatIsNotBound_IsRefused()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        ExpectRefused(socket.Handle, "not bound");
    }

    [Fact]
    public void Bind_InheritedSocketThatIsConnected_IsRefused()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(AnyPort);
        listener.Listen();
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(listener.LocalEndPoint!);

        ExpectRefused(socket.Handle, "connected");
    }

    [Theory]
    [InlineData(AddressFamily.Unix, SocketType.Seqpacket)]
    [InlineData(AddressFamily.Unix, SocketType.Dgram)]
    [InlineData(AddressFamily.InterNetwork, SocketType.Dgram)]
    public void Bind_InheritedSocketOfAnotherType_IsRefused(AddressFamily family, SocketType type)
    {
        using TempSocketPath path = new();
        using Socket socket = new(family, type, family == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Udp);
        socket.Bind(family == AddressFamily.Unix ? path.EndPoint : AnyPort);

        ExpectRefused(socket.Handle, $"type {(type == SocketType.Dgram ? 2 : 5)}");
    }

    /// <summary>A family that .NET has no name for; where the kernel has none of these sockets, there is nothing to be misread.</summary>
    [Fact]
    public void Bind_InheritedVirtualMachineSocket_IsRefused()
    {
        const int Family = 40; // AF_VSOCK
        Transport.Epoll.Native.SysResult made = _kernel.Socket(Family);
        if (made.IsOk)
        {
            using Transport.Epoll.Native.FileDescriptor descriptor = new(_kernel, made.Value);
            ExpectRefused(made.Value, "family 40");
        }
    }

    [Fact]
    public void Bind_InheritedFile_IsRefused()
    {
        using FileStream file = File.OpenRead("/dev/null");

        ExpectRefused(file.SafeFileHandle.DangerousGetHandle(), "no open socket");
    }

    private void ExpectRefused(nint handle, string reason)
    {
        FileHandleEndPoint endPoint = new((ulong)handle, FileHandleType.Auto);

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => Bind(endPoint));

        Assert.Contains($"Descriptor {handle}", exception.Message, StringComparison.Ordinal);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Contains("Allowed is", exception.Message, StringComparison.Ordinal);
    }

    private ListenSocket[] Bind(EndPoint endPoint, int count = 1)
    {
        ListenSocket[] sockets = ListenSocket.Bind(_kernel, endPoint, count, backlog: 16, noDelay: true);
        _sockets.AddRange(sockets);
        return sockets;
    }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>Listening sockets that were opened by someone else, as under socket activation.</summary>
public sealed class InheritedListenerTests
{
    public static TheoryData<TransportKind, FileHandleType> TcpKinds => WithEach(FileHandleType.Auto, FileHandleType.Tcp);

    public static TheoryData<TransportKind, FileHandleType> UnixKinds => WithEach(FileHandleType.Auto, FileHandleType.Pipe);

    [Theory]
    [MemberData(nameof(TcpKinds))]
    [Trait("Contract", "7")]
    public async Task BindAsync_TcpDescriptor_ServesAndReportsItsAddress(TransportKind kind, FileHandleType type)
    {
        using var owner = ListenOn(new IPEndPoint(IPAddress.Loopback, 0));
        await using var listener = await RawListener.BindAsync(kind, HandleOf(owner, type));

        Assert.Equal(owner.LocalEndPoint, listener.EndPoint);
        await ExpectServedAsync(listener);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "7")]
    public async Task AcceptAsync_TcpDescriptorWithNagle_ConnectionSendsAtOnceAndTheListenerStaysAsItIs(TransportKind kind)
    {
        using var owner = ListenOn(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.False(owner.NoDelay);
        await using var listener = await RawListener.BindAsync(kind, HandleOf(owner, FileHandleType.Tcp));
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            Assert.True(server.Features.Get<IConnectionSocketFeature>()!.Socket.NoDelay);
            Assert.False(owner.NoDelay);
        }
    }

    /// <summary>A connection inherits what its listener says of closing (socket(7), SO_LINGER), though nobody has borrowed its socket.</summary>
    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task DisposeAsync_TheListenersClosesLinger_HoldsUpNobody(TransportKind kind)
    {
        using var owner = ListenOn(new IPEndPoint(IPAddress.Loopback, 0));
        owner.LingerState = new LingerOption(enable: true, seconds: 60);
        owner.SendBufferSize = 256 * 1024;
        await using var listener = await RawListener.BindAsync(kind, HandleOf(owner, FileHandleType.Tcp), new TransportTuning { LoopCount = 1, MaxWriteBufferSize = null });
        var (stalled, server) = await listener.ConnectAsync(clientReceiveBufferSize: 4096);
        var (client, neighbour) = await listener.ConnectAsync();
        using (stalled)
        using (client)
        await using (neighbour)
        {
            await server.Transport.Output.WriteAsync(new byte[128 * 1024]).WithTimeout(); // more than the client takes, less than the socket holds
            var disposing = server.DisposeAsync().AsTask();
            await listener.Logs.WaitForAsync(kind, id: 7);

            for (int i = 0; i < 20; i++)
            {
                await client.SendAsync("ping");
                await neighbour.ExpectTextAsync("ping");
            }

            Assert.False(disposing.IsCompleted);
            stalled.Reset();
            await disposing.WithTimeout();
        }
    }

    [Theory]
    [MemberData(nameof(UnixKinds))]
    [Trait("Contract", "7")]
    public async Task BindAsync_UnixDescriptor_ServesAndReportsItsPath(TransportKind kind, FileHandleType type)
    {
        using var path = new TempSocketPath();
        using var owner = ListenOn(path.EndPoint);
        await using var listener = await RawListener.BindAsync(kind, HandleOf(owner, type));

        Assert.Equal(path.Path, Assert.IsType<UnixDomainSocketEndPoint>(listener.EndPoint).ToString());
        await ExpectServedAsync(listener);
    }

    [Theory]
    [MemberData(nameof(TcpKinds))]
    [Trait("Contract", "7")]
    public async Task BindAsync_TcpDescriptorThatDoesNotListenYet_IsMadeToListen(TransportKind kind, FileHandleType type)
    {
        using var owner = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        owner.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var listener = await RawListener.BindAsync(kind, HandleOf(owner, type));

        Assert.Equal(owner.LocalEndPoint, listener.EndPoint);
        await ExpectServedAsync(listener);
    }

    [Theory]
    [MemberData(nameof(UnixKinds))]
    [Trait("Contract", "7")]
    public async Task BindAsync_UnixDescriptorThatDoesNotListenYet_IsMadeToListen(TransportKind kind, FileHandleType type)
    {
        using var path = new TempSocketPath();
        using var owner = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        owner.Bind(path.EndPoint);
        await using var listener = await RawListener.BindAsync(kind, HandleOf(owner, type));

        await ExpectServedAsync(listener);
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "7")]
    public async Task UnbindAsync_TcpDescriptor_LeavesItsQueueToTheSuccessor(TransportKind kind)
    {
        using var owner = ListenOn(new IPEndPoint(IPAddress.Loopback, 0));
        await ExpectHandedOverAsync(kind, owner);
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "7")]
    public async Task UnbindAsync_UnixDescriptor_LeavesItsQueueAndFileToTheSuccessor(TransportKind kind)
    {
        using var path = new TempSocketPath();
        using var owner = ListenOn(path.EndPoint);
        await ExpectHandedOverAsync(kind, owner);
        Assert.True(File.Exists(path.Path));
    }

    private static async Task ExpectServedAsync(RawListener listener)
    {
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            await client.SendAsync("served");
            await server.ExpectTextAsync("served");
        }
    }

    private static async Task ExpectHandedOverAsync(TransportKind kind, Socket owner)
    {
        await using (var listener = await RawListener.BindAsync(kind, HandleOf(owner, FileHandleType.Auto)))
        {
            await ExpectServedAsync(listener);
            await listener.Listener.UnbindAsync().WithTimeout();
            using var waiting = await RawClient.ConnectAsync(owner.LocalEndPoint!);
            Assert.Null(await listener.Listener.AcceptAsync().WithTimeout());
            await listener.Listener.DisposeAsync().WithTimeout();

            using var later = await RawClient.ConnectAsync(owner.LocalEndPoint!);
            foreach (var client in new[] { waiting, later })
            {
                using var successor = await owner.AcceptAsync().WithTimeout();
                Assert.Equal(1, await successor.SendAsync(new byte[] { (byte)'s' }).WithTimeout());
                Assert.Equal("s", await client.ReadTextAsync(1));
            }
        }
    }

    private static Socket ListenOn(EndPoint endPoint)
    {
        var unix = endPoint is UnixDomainSocketEndPoint;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        socket.Bind(endPoint);
        socket.Listen();
        return socket;
    }

    private static FileHandleEndPoint HandleOf(Socket socket, FileHandleType type) => new((ulong)socket.Handle, type);

    private static TheoryData<TransportKind, FileHandleType> WithEach(params FileHandleType[] types)
    {
        var data = new TheoryData<TransportKind, FileHandleType>();
        foreach (var kind in Enum.GetValues<TransportKind>())
        {
            foreach (var type in types)
            {
                data.Add(kind, type);
            }
        }

        return data;
    }
}

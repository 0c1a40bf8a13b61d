using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>What a connection says of itself, and what others may do to it.</summary>
public sealed class ConnectionObjectTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "12")]
    public async Task Transport_Replaced_DisposeCompletesTheOriginalEnds(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            var original = server.Transport;
            await client.SendAsync("through");
            server.Transport = new Replacement(original);
            await server.ExpectTextAsync("through");

            await server.DisposeAsync().WithTimeout();

            Assert.Empty(await client.ReadToEndAsync());
            await Assert.ThrowsAsync<InvalidOperationException>(() => original.Input.ReadAsync().WithTimeout());
            await Assert.ThrowsAsync<InvalidOperationException>(() => original.Output.WriteAsync(new byte[1]).WithTimeout());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "13")]
    public async Task Features_Fresh_HaveNoTls(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            Assert.Null(server.Features.Get<ITlsConnectionFeature>());
            Assert.Null(server.Features.Get<ITlsHandshakeFeature>());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "13")]
    public async Task InputStream_ZeroByteRead_WaitsForDataAndConsumesNone(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            await using var stream = server.Transport.Input.AsStream(leaveOpen: true);
            var waiting = stream.ReadAsync(Memory<byte>.Empty).AsTask();
            Assert.False(waiting.IsCompleted);

            await client.SendAsync("x");

            Assert.Equal(0, await waiting.WithTimeout());
            Assert.Equal(1, await stream.ReadAsync(new byte[8]).WithTimeout());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "14")]
    public async Task Features_TcpConnection_AreThoseOfKestrel(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            Assert.Equal(client.Socket.RemoteEndPoint, server.LocalEndPoint);
            Assert.Equal(client.Socket.LocalEndPoint, server.RemoteEndPoint);
            Assert.Matches("^[0-9A-V]{13}$", server.ConnectionId);
            Assert.NotNull(server.Features.Get<IMemoryPoolFeature>()?.MemoryPool);
            Assert.Same(server.Transport, server.Features.Get<IConnectionTransportFeature>()?.Transport);
            Assert.Equal(server.ConnectionId, server.Features.Get<IConnectionIdFeature>()?.ConnectionId);
            Assert.Equal(server.ConnectionClosed, server.Features.Get<IConnectionLifetimeFeature>()?.ConnectionClosed);
            server.Items["key"] = "value";
            Assert.Equal("value", server.Features.Get<IConnectionItemsFeature>()?.Items["key"]);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "14")]
    public async Task Features_OfAMiddleware_CanBeAddedAndReplaced(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var heartbeat = new Heartbeat();
            server.Features.Set<IConnectionHeartbeatFeature>(heartbeat);
            Assert.Same(heartbeat, server.Features.Get<IConnectionHeartbeatFeature>());
            var replacement = new Replacement(server.Transport);
            server.Features.Set<IConnectionTransportFeature>(new TransportFeature(replacement));
            Assert.Contains(server.Features, feature => feature.Key == typeof(IConnectionHeartbeatFeature));
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "14")]
    public async Task ConnectionId_TwoConnections_Differ(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (firstClient, first) = await listener.ConnectAsync();
        var (secondClient, second) = await listener.ConnectAsync();
        using (firstClient)
        using (secondClient)
        await using (first)
        await using (second)
        {
            Assert.NotEqual(first.ConnectionId, second.ConnectionId);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "14")]
    public async Task RemoteEndPoint_IPv4ClientInDualMode_IsMapped(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind, new IPEndPoint(IPAddress.IPv6Any, 0));
        var port = ((IPEndPoint)listener.EndPoint).Port;
        using var client = await RawClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        await using var server = await listener.AcceptAsync();

        Assert.Equal("::ffff:127.0.0.1", Assert.IsType<IPEndPoint>(server.RemoteEndPoint).Address.ToString());
        Assert.Equal("::ffff:127.0.0.1", Assert.IsType<IPEndPoint>(server.LocalEndPoint).Address.ToString());
        Assert.Equal(port, ((IPEndPoint)server.LocalEndPoint).Port);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "14")]
    public async Task RemoteEndPoint_UnixClient_HasNoName(TransportKind kind)
    {
        using var path = new TempSocketPath();
        await using var listener = await RawListener.BindAsync(kind, path.EndPoint);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            // The default transport has an endpoint without a path here, ours has none.
            Assert.True(string.IsNullOrEmpty(server.RemoteEndPoint?.ToString()));
            Assert.Equal(path.Path, server.LocalEndPoint?.ToString());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "14")]
    public async Task SocketFeature_OptionsAndAddresses_AreOfThisConnection(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var socket = Assert.IsAssignableFrom<Socket>(server.Features.Get<IConnectionSocketFeature>()?.Socket);
            Assert.Same(socket, server.Features.Get<IConnectionSocketFeature>()?.Socket);
            Assert.Equal(client.Socket.LocalEndPoint, socket.RemoteEndPoint);
            Assert.True(socket.NoDelay);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await client.SendAsync("after");
            await server.ExpectTextAsync("after");
        }
    }

    private sealed class Replacement(IDuplexPipe inner) : IDuplexPipe
    {
        public PipeReader Input => inner.Input;

        public PipeWriter Output => inner.Output;
    }

    private sealed class TransportFeature(IDuplexPipe transport) : IConnectionTransportFeature
    {
        public IDuplexPipe Transport { get; set; } = transport;
    }

    private sealed class Heartbeat : IConnectionHeartbeatFeature
    {
        public void OnHeartbeat(Action<object> action, object state)
        {
        }
    }
}

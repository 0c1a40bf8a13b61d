using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>Who ends a connection, and how the client sees it.</summary>
public sealed class ClosingTests
{
    private const int WriteFin = 7;
    private const int WriteRst = 8;

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "23")]
    public async Task Abort_Twice_TheFirstReasonWins(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var first = new ConnectionAbortedException("first");
            server.Abort(first);
            server.Abort(new ConnectionAbortedException("second"));
            Assert.Same(first, await server.ReadToFailureAsync());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "23")]
    public async Task Abort_RacingThreads_OneReasonWinsForEveryReader(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        for (var round = 0; round < 20; round++)
        {
            var (client, server) = await listener.ConnectAsync();
            using (client)
            await using (server)
            {
                using var start = new Barrier(2);
                var reasons = new[] { new ConnectionAbortedException("a"), new ConnectionAbortedException("b") };
                await Task.WhenAll(reasons.Select(reason => Task.Run(() =>
                {
                    start.SignalAndWait(Waiting.Limit);
                    server.Abort(reason);
                }))).WithTimeout();
                Assert.Contains(await server.ReadToFailureAsync(), reasons);
            }
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "23")]
    public async Task DisposeAsync_NormalEnd_SendsFin(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            await server.WriteTextAsync("bye");
            await server.DisposeAsync().WithTimeout();
            Assert.Equal("bye"u8.ToArray(), await client.ReadToEndAsync());
            await listener.Logs.WaitForAsync(kind, WriteFin);
            Assert.False(listener.Logs.Has(kind, WriteRst));
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "23")]
    public async Task Abort_WithoutReason_SendsFin(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            server.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionLifetimeFeature>()!.Abort();
            await server.DisposeAsync().WithTimeout();
            server.Abort(null!);
        }

        var (secondClient, second) = await listener.ConnectAsync();
        using (secondClient)
        {
            second.Abort(null!);
            await second.DisposeAsync().WithTimeout();
            Assert.Empty(await secondClient.ReadToEndAsync());
            await listener.Logs.WaitForAsync(kind, WriteFin);
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "23")]
    public async Task Abort_WithReason_SendsRstAndNeverAFinBefore(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        for (var round = 0; round < 40; round++)
        {
            var (client, server) = await listener.ConnectAsync(clientReceiveBufferSize: 64 * 1024);
            using (client)
            {
                // Every second round has a response that is cut in the middle.
                var writing = round % 2 == 0 ? Task.CompletedTask : server.Transport.Output.WriteAsync(new byte[4 * 1024 * 1024]).AsTask();
                var reading = client.ExpectResetAsync();
                server.Abort(new ConnectionAbortedException("cut"));
                await reading.WithTimeout();
                await writing.WithTimeout();
                await server.DisposeAsync().WithTimeout();
            }
        }

        await Waiting.UntilAsync(() => listener.Logs.Of(kind, WriteRst).Count() == 40);
        Assert.False(listener.Logs.Has(kind, WriteFin));
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "23")]
    public async Task Abort_WithReason_ResetsBeforeDispose(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            server.Abort(new ConnectionAbortedException("now"));
            await client.ExpectResetAsync();
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "23")]
    public async Task Abort_UnixConnection_EndsTheClient(TransportKind kind)
    {
        using var path = new TempSocketPath();
        await using var listener = await RawListener.BindAsync(kind, path.EndPoint);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            server.Abort(new ConnectionAbortedException("now"));
            await client.ReadToEndOrResetAsync();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "25")]
    public async Task DisposeAsync_AfterAbortNull_FlushesThenFin(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            client.Fin();
            Assert.Equal(0, await server.ReadToEndAsync());
            await server.ConnectionClosed.WithTimeout();
            var bytes = new byte[200_000];
            var writing = server.Transport.Output.WriteAsync(bytes).AsTask();
            var reading = client.ReadToEndAsync();
            await writing.WithTimeout();
            await server.DisposeAsync().WithTimeout();
            Assert.Equal(bytes.Length, (await reading.WithTimeout()).Length);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "25")]
    public async Task DisposeAsync_ClientDoesNotReadThenAborted_Ends(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync(clientReceiveBufferSize: 64 * 1024);
        using (client)
        {
            var writing = server.Transport.Output.WriteAsync(new byte[16 * 1024 * 1024]).AsTask();
            server.Abort(new ConnectionAbortedException("too slow"));
            await writing.WithTimeout();
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "25")]
    public async Task DisposeAsync_Repeatedly_NeverThrows(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        for (var i = 0; i < 20; i++)
        {
            var (client, server) = await listener.ConnectAsync();
            client.Reset();
            await server.DisposeAsync().WithTimeout();
            await server.DisposeAsync().WithTimeout();
        }
    }
}

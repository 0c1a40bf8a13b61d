using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>How the input ends.</summary>
public sealed class ReceivingTests
{
    private const int ReadFin = 6;
    private const int ConnectionReset = 19;

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "17")]
    public async Task Input_ClientSendsFin_EndsWithoutErrorThenConnectionClosedFires(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var closedOn = new TaskCompletionSource<(bool Pool, string? Name)>(TaskCreationOptions.RunContinuationsAsynchronously);
            server.ConnectionClosed.Register(() => closedOn.SetResult((Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.Name)));
            await client.SendAsync("last words");
            client.Fin();

            Assert.Equal("last words".Length, await server.ReadToEndAsync());
            var (pool, name) = await closedOn.Task.WithTimeout();
            Assert.True(pool, $"ConnectionClosed fired on '{name}'");
            await listener.Logs.WaitForAsync(kind, ReadFin);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "17")]
    public async Task Output_ClientSentFin_StaysOpen(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            client.Fin();
            Assert.Equal(0, await server.ReadToEndAsync());
            await server.ConnectionClosed.WithTimeout();

            await server.WriteTextAsync("answer");
            Assert.Equal("answer", await client.ReadTextAsync(6));
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "17")]
    public async Task Input_MuchDataTogetherWithFin_IsAllRead(TransportKind kind)
    {
        const int Total = 3 * 1024 * 1024;
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var reading = server.ReadToEndAsync();
            await client.SendAsync(new byte[Total]);
            client.Fin();
            Assert.Equal(Total, await reading.WithTimeout());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "18")]
    public async Task Input_ClientResets_FailsWithConnectionReset(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        await using (server)
        {
            client.Reset();

            var exception = Assert.IsType<ConnectionResetException>(await server.ReadToFailureAsync());
            var inner = Assert.IsAssignableFrom<SocketException>(exception.InnerException);
            Assert.Equal(SocketError.ConnectionReset, inner.SocketErrorCode);
            Assert.Equal(inner.Message, exception.Message);
            await server.ConnectionClosed.WithTimeout();
            await listener.Logs.WaitForAsync(kind, ConnectionReset);
            var record = Assert.Single(listener.Logs.Of(kind, ConnectionReset));
            Assert.Equal(LogLevel.Debug, record.Level);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "18")]
    public async Task Input_AnyFailure_IsAnIOException(TransportKind kind)
    {
        // Kestrel logs a warning per connection for any other type.
        await using var listener = await RawListener.BindAsync(kind);
        for (var i = 0; i < 20; i++)
        {
            var (client, server) = await listener.ConnectAsync();
            await using (server)
            {
                await client.SendAsync("half a request");
                client.Reset();
                Assert.IsAssignableFrom<IOException>(await server.ReadToFailureAsync());
            }
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "19")]
    public async Task Input_Aborted_FailsWithTheReasonOfTheAbort(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var reading = server.ReadToFailureAsync();
            var reason = new ConnectionAbortedException("no more");
            server.Abort(reason);

            Assert.Same(reason, await reading.WithTimeout());
            await server.ConnectionClosed.WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "20")]
    public async Task Input_ReaderStopped_EndsReceivingQuietly(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            await server.Transport.Input.CompleteAsync();
            await client.SendAsync("nobody listens");
            await server.WriteTextAsync("still writing");
            Assert.Equal("still writing", await client.ReadTextAsync("still writing".Length));
            await server.Transport.Output.CompleteAsync();
            client.Fin();
            await server.DisposeAsync().WithTimeout();
        }

        Assert.DoesNotContain(listener.Logs.AtLeast(LogLevel.Information), record => record.Id.Name != "Serving");

        // A receive of Kestrel's own transport may meet the disposal of its own socket, which it logs as an error of the connection.
        Assert.DoesNotContain(listener.Logs.Records, record => record.Category == kind.Category() && record.Id.Id is 14 or 19
            && (kind.IsEpoll() || record.Exception is not ObjectDisposedException));
    }
}

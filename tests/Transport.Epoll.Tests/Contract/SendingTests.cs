using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>What of the output reaches the client.</summary>
public sealed class SendingTests
{
    private const int ConnectionReset = 19;

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "21")]
    public async Task Output_CompletedTogetherWithTheLastWrite_SendsEverything(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        foreach (var size in new[] { 1, 4096, 300_000 })
        {
            var (client, server) = await listener.ConnectAsync();
            using (client)
            {
                var bytes = RandomNumberGenerator.GetBytes(size);
                WriteWithoutFlush(server, bytes);
                await server.Transport.Output.CompleteAsync();
                Assert.Equal(bytes, await client.ReadToEndAsync());
                await server.DisposeAsync().WithTimeout();
            }
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "21")]
    public async Task Input_PendingReadCancelled_ReturnsCancelledAndGoesOn(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var reading = server.Transport.Input.ReadAsync().AsTask();
            server.Transport.Input.CancelPendingRead();
            var result = await reading.WithTimeout();
            Assert.True(result.IsCanceled);
            Assert.False(result.IsCompleted);
            server.Transport.Input.AdvanceTo(result.Buffer.Start);

            await client.SendAsync("goes on");
            await server.ExpectTextAsync("goes on");
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "21")]
    public async Task Output_PendingFlushCancelled_ReturnsCancelledAndLosesNothing(TransportKind kind)
    {
        const int Total = 16 * 1024 * 1024;
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync(clientReceiveBufferSize: 64 * 1024);
        using (client)
        {
            var writing = server.Transport.Output.WriteAsync(new byte[Total]).AsTask();
            Assert.False(writing.IsCompleted);
            server.Transport.Output.CancelPendingFlush();
            Assert.True((await writing.WithTimeout()).IsCanceled);

            await server.Transport.Output.CompleteAsync();
            Assert.Equal(Total, (await client.ReadToEndAsync()).Length);
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "22")]
    public async Task Output_ClientResets_WriterSeesCompletion(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        await using (server)
        {
            var writing = WriteUntilCompletedAsync(server);
            await client.ReadAsync(100_000);
            client.Reset();
            await writing.WithTimeout();

            // Whichever call comes first, send or receive, takes the socket's error: the reader's side of a reset is line 18.
            await listener.Logs.WaitForAsync(kind, ConnectionReset);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "22")]
    public async Task Output_ClientResetsWhileAFlushWaits_TheFlushEndsCompleted(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync(clientReceiveBufferSize: 64 * 1024);
        await using (server)
        {
            var writing = server.Transport.Output.WriteAsync(new byte[16 * 1024 * 1024]).AsTask();
            Assert.False(writing.IsCompleted);
            client.Reset();
            Assert.True((await writing.WithTimeout()).IsCompleted);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "26")]
    public async Task Output_InputLeftUnread_StillReachesTheClient(TransportKind kind)
    {
        const int Total = 4 * 1024 * 1024;
        var tuning = new TransportTuning { MaxReadBufferSize = 16 * 1024 };
        await using var listener = await RawListener.BindAsync(kind, tuning: tuning);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            await client.SendAsync(new byte[128 * 1024]);
            await listener.Logs.WaitForAsync(kind, id: 4);
            await server.Transport.Input.CompleteAsync();
            var writing = server.Transport.Output.WriteAsync(new byte[Total]).AsTask();
            Assert.Equal(Total, (await client.ReadAsync(Total)).Length);
            await writing.WithTimeout();
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "26")]
    public async Task Output_ClientSentFinEarly_ReachesTheClientWhole(TransportKind kind)
    {
        const int Total = 4 * 1024 * 1024;
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            client.Fin();
            Assert.Equal(0, await server.ReadToEndAsync());
            var writing = server.Transport.Output.WriteAsync(new byte[Total]).AsTask();
            Assert.Equal(Total, (await client.ReadAsync(Total)).Length);
            await writing.WithTimeout();
            await server.DisposeAsync().WithTimeout();
            Assert.Empty(await client.ReadToEndAsync());
        }
    }

    private static void WriteWithoutFlush(ConnectionContext server, byte[] bytes)
    {
        for (var written = 0; written < bytes.Length;)
        {
            var span = server.Transport.Output.GetSpan(1);
            var count = Math.Min(span.Length, bytes.Length - written);
            bytes.AsSpan(written, count).CopyTo(span);
            server.Transport.Output.Advance(count);
            written += count;
        }
    }

    private static async Task WriteUntilCompletedAsync(ConnectionContext server)
    {
        var chunk = new byte[16 * 1024];
        while (!(await server.Transport.Output.WriteAsync(chunk).WithTimeout()).IsCompleted)
        {
        }
    }
}

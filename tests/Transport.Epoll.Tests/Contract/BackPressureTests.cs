using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>The limits of what waits in a connection's pipes.</summary>
public sealed class BackPressureTests
{
    private const int Pause = 4;
    private const int Resume = 5;
    private const int MaxRead = 16 * 1024;
    private const int LargestReceive = 64 * 1024;

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "16")]
    public async Task Receive_ReaderStopsAtTheLimit_PausesAndResumes(TransportKind kind)
    {
        const int Total = 4 * 1024 * 1024;
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { MaxReadBufferSize = MaxRead });
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var sending = SendAndFinAsync(client, Total);
            await listener.Logs.WaitForAsync(kind, Pause);
            Assert.False(listener.Logs.Has(kind, Resume));
            Assert.True(server.Transport.Input.TryRead(out var held));
            Assert.InRange(held.Buffer.Length, MaxRead, MaxRead + LargestReceive);
            var length = held.Buffer.Length;
            server.Transport.Input.AdvanceTo(held.Buffer.Start, held.Buffer.Start);

            Assert.True(server.Transport.Input.TryRead(out var later));
            Assert.Equal(length, later.Buffer.Length);
            server.Transport.Input.AdvanceTo(later.Buffer.Start, later.Buffer.Start);
            Assert.Equal(Total, await server.ReadToEndAsync());
            await sending.WithTimeout();
            await listener.Logs.WaitForAsync(kind, Resume);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "16")]
    public async Task Receive_Paused_LeavesTheRestInTheKernel(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { MaxReadBufferSize = MaxRead });
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            client.SendUntilBlocked(limit: 64 * 1024 * 1024);
            await listener.Logs.WaitForAsync(kind, Pause);
            Assert.True(server.Transport.Input.TryRead(out var held));
            Assert.InRange(held.Buffer.Length, 1, MaxRead + LargestReceive);
            server.Transport.Input.AdvanceTo(held.Buffer.Start, held.Buffer.Start);
        }
    }

    [Theory]
    [InlineData(TransportKind.Sockets, 0)]
    [InlineData(TransportKind.EpollAuto, 0)]
    [InlineData(TransportKind.EpollInline, 0)]
    [InlineData(TransportKind.EpollThreadPool, 0)]
    [InlineData(TransportKind.Sockets, null)]
    [InlineData(TransportKind.EpollAuto, null)]
    [InlineData(TransportKind.EpollInline, null)]
    [InlineData(TransportKind.EpollThreadPool, null)]
    [Trait("Contract", "16")]
    public async Task Limits_ZeroOrNull_MeanNone(TransportKind kind, int? limit)
    {
        const int Total = 8 * 1024 * 1024;
        var tuning = new TransportTuning { MaxReadBufferSize = limit, MaxWriteBufferSize = limit };
        await using var listener = await RawListener.BindAsync(kind, tuning: tuning);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            // The client does not read: only a pipe without a limit takes all of it.
            await server.Transport.Output.WriteAsync(new byte[Total]).WithTimeout();
            await client.SendAsync(new byte[Total]);
            var result = await server.Transport.Input.ReadAtLeastAsync(Total).WithTimeout();
            Assert.Equal(Total, result.Buffer.Length);
            server.Transport.Input.AdvanceTo(result.Buffer.End);
            Assert.Equal(Total, (await client.ReadAsync(Total)).Length);
            Assert.False(listener.Logs.Has(kind, Pause));
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "16")]
    public async Task Flush_ClientDoesNotRead_WaitsUntilItDoes(TransportKind kind)
    {
        const int Total = 16 * 1024 * 1024;
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { MaxWriteBufferSize = MaxRead });
        var (client, server) = await listener.ConnectAsync(clientReceiveBufferSize: 64 * 1024);
        using (client)
        await using (server)
        {
            var writing = server.Transport.Output.WriteAsync(new byte[Total]).AsTask();
            Assert.False(writing.IsCompleted);

            Assert.Equal(Total, (await client.ReadAsync(Total)).Length);
            Assert.False((await writing.WithTimeout()).IsCompleted);
        }
    }

    private static async Task SendAndFinAsync(RawClient client, int count)
    {
        await client.SendAsync(new byte[count]);
        client.Fin();
    }
}

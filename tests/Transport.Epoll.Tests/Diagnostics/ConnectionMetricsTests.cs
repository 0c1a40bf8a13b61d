using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Connections;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

/// <summary>Each instrument of connections and their traffic moves with real traffic, exactly.</summary>
public class ConnectionMetricsTests
{
    private static readonly (string, object) Received = ("network.io.direction", "receive");
    private static readonly (string, object) Transmitted = ("network.io.direction", "transmit");

    [Theory]
    [InlineData("server_closed")]
    [InlineData("peer_closed")]
    [InlineData("peer_reset")]
    [InlineData("aborted")]
    public async Task Connection_EndsInAWay_IsCountedByIt(string how)
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            Assert.Equal(1, transport.Meter.Read("connection.count", ("epoll.loop.index", 0)));
            Assert.Equal(1, transport.Meter.Read("connection.accepted", ("epoll.loop.index", 0)));
            Assert.Equal(0, transport.Meter.Read("connection.ended"));
            switch (how)
            {
                case "peer_closed":
                    client.Fin();
                    Assert.True((await server.Transport.Input.ReadAsync().WithTimeout()).IsCompleted);
                    break;
                case "peer_reset":
                    client.Reset();
                    await Assert.ThrowsAsync<ConnectionResetException>(() => server.Transport.Input.ReadAsync().WithTimeout());
                    break;
                case "aborted":
                    server.Abort(new ConnectionAbortedException("test"));
                    break;
            }

            await server.DisposeAsync().WithTimeout();
        }

        Assert.Equal(1, transport.Meter.Read("connection.ended"));
        Assert.Equal(1, transport.Meter.Read("connection.ended", ("epoll.connection.end_reason", how), ("epoll.loop.index", 0)));
        Assert.Equal(0, transport.Meter.Read("connection.count"));
        Assert.Equal(1, transport.Meter.Read("connection.accepted"));
    }

    [Fact]
    public async Task Connection_ACallFails_EndsWithAnError()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            transport.Kernel.OnReceive.Fail(Errno.ETIMEDOUT);
            await client.SendAsync("x");
            await Assert.ThrowsAsync<IOException>(() => server.Transport.Input.ReadAsync().WithTimeout());
            await server.DisposeAsync().WithTimeout();
        }

        Assert.Equal(1, transport.Meter.Read("connection.ended", ("epoll.connection.end_reason", "error")));
    }

    [Theory]
    [InlineData(EpollScheduling.Auto)]
    [InlineData(EpollScheduling.Inline)]
    [InlineData(EpollScheduling.ThreadPool)]
    public async Task Traffic_AnyMode_IsCountedToTheByte(EpollScheduling scheduling)
    {
        const int Rounds = 200;
        await using MeteredTransport transport = await MeteredTransport.BindAsync(scheduling, loops: 2);
        List<(RawClient Client, ConnectionContext Server)> pairs = [];
        for (int i = 0; i < 4; i++)
        {
            pairs.Add(await transport.ConnectAsync());
        }

        await Task.WhenAll(pairs.Select(async pair =>
        {
            Task echo = EchoAsync(pair.Server);
            for (int i = 1; i <= Rounds; i++)
            {
                await pair.Client.SendAsync(new byte[i]);
                await pair.Client.ReadAsync(i);
            }

            pair.Client.Fin();
            Assert.Empty(await pair.Client.ReadToEndAsync());
            await echo;
        })).WithTimeout();

        int bytes = pairs.Count * Rounds * (Rounds + 1) / 2;
        Assert.Equal(bytes, transport.Meter.Read("network.io", Received));
        Assert.Equal(bytes, transport.Meter.Read("network.io", Transmitted));
        Assert.Equal(transport.Kernel.OnReceive.Calls, transport.Meter.Read("network.calls", Received));
        Assert.Equal(transport.Kernel.OnSend.Calls, transport.Meter.Read("network.calls", Transmitted));
        Assert.True(transport.Meter.Read("network.calls", Transmitted) >= pairs.Count * Rounds);
        Assert.All([0, 1], loop => Assert.True(transport.Meter.Read("network.io", ("epoll.loop.index", loop)) > 0));
        pairs.ForEach(pair => pair.Client.Dispose());
    }

    [Fact]
    public async Task Send_OfSeveralBuffers_IsCountedAsGathered()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            await server.Transport.Output.WriteAsync(new byte[100]).WithTimeout();
            await client.ReadAsync(100);
            Assert.Equal(0, transport.Meter.Read("network.gathered_sends"));

            server.Transport.Output.GetMemory(4000);
            server.Transport.Output.Advance(4000);
            server.Transport.Output.Write(new byte[4000]);
            await server.Transport.Output.FlushAsync().WithTimeout();
            await client.ReadAsync(8000);

            Assert.Equal(1, transport.Meter.Read("network.gathered_sends"));
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Fact]
    public async Task Reading_ApplicationDoesNotRead_IsPausedUntilItDoes()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(configure: options => options.MaxReadBufferSize = 1000);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            await client.SendAsync(new byte[2000]);
            await transport.UntilAsync("connection.paused", 1, Received);
            Assert.Equal(1, transport.Meter.Read("connection.pauses", Received));

            ReadResult read = await server.Transport.Input.ReadAsync().WithTimeout();
            server.Transport.Input.AdvanceTo(read.Buffer.End);

            await transport.UntilAsync("connection.paused", 0, Received);
            Assert.Equal(1, transport.Meter.Read("connection.pauses"));
            await server.DisposeAsync().WithTimeout();
        }
    }

    /// <summary>A unix socket and a TCP one wait for room in different ways.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Writing_PeerDoesNotTake_IsPausedUntilItDoesOrItEnds(bool ends)
    {
        const int Bytes = 32 * 1024 * 1024;
        await using MeteredTransport transport = await MeteredTransport.BindAsync(configure: options => options.MaxWriteBufferSize = 0);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync(clientReceiveBufferSize: 256 * 1024);
        using (client)
        {
            Task flushed = server.Transport.Output.WriteAsync(new byte[Bytes]).WithTimeout();
            await transport.UntilAsync("connection.paused", 1, Transmitted);
            if (ends)
            {
                server.Abort(new ConnectionAbortedException("test"));
            }
            else
            {
                await client.ReadAsync(Bytes);
            }

            await flushed;
            await transport.UntilAsync("connection.paused", 0, Transmitted);
            Assert.True(transport.Meter.Read("connection.pauses", Transmitted) >= 1);
            await server.DisposeAsync().WithTimeout();
        }
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        while (true)
        {
            ReadResult read = await connection.Transport.Input.ReadAsync();
            if (read.IsCompleted && read.Buffer.IsEmpty)
            {
                break;
            }

            await connection.Transport.Output.WriteAsync(read.Buffer.ToArray());
            connection.Transport.Input.AdvanceTo(read.Buffer.End);
        }

        await connection.DisposeAsync();
    }
}

using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Faults;

/// <summary>Sends that take a part only, and receives that give a part only, by the real kernel: small socket buffers at both ends (socket(7)).</summary>
public sealed class SmallSocketBufferTests
{
    private const int Smallest = 1; // the kernel makes some 2 to 4 KiB of it

    /// <summary>With less, TCP waits for timers of its own: a window that small is opened by probes only (tcp(7)), whatever the server does.</summary>
    private const int SmallWindow = 16 * 1024;

    private const int Bytes = 300_000;

    [Theory]
    [InlineData(TransportKind.Sockets, false)]
    [InlineData(TransportKind.EpollAuto, false)]
    [InlineData(TransportKind.EpollInline, false)]
    [InlineData(TransportKind.EpollThreadPool, false)]
    [InlineData(TransportKind.EpollAuto, true)]
    [InlineData(TransportKind.EpollInline, true)]
    [InlineData(TransportKind.EpollThreadPool, true)]
    public async Task Echo_SmallSocketBuffers_LosesNothing(TransportKind kind, bool unix)
    {
        using var path = new TempSocketPath();
        await using var listener = await RawListener.BindAsync(kind, unix ? path.EndPoint : new IPEndPoint(IPAddress.Loopback, 0), new TransportTuning
        {
            MaxReadBufferSize = 16 * 1024,
            MaxWriteBufferSize = 16 * 1024,
        });
        var (client, server) = await listener.ConnectAsync(clientReceiveBufferSize: unix ? null : SmallWindow);
        using (client)
        {
            client.Socket.SendBufferSize = Smallest;
            var socket = server.Features.Get<IConnectionSocketFeature>()!.Socket;
            socket.SendBufferSize = Smallest;
            socket.ReceiveBufferSize = unix ? Smallest : SmallWindow;
            var echoing = Task.Run(() => EchoAsync(server));
            var data = new byte[Bytes];
            new Random(1).NextBytes(data);

            var receiving = client.ReadAsync(Bytes);
            await client.SendAsync(data);
            Assert.Equal(data, await receiving);

            client.Fin();
            Assert.Empty(await client.ReadToEndAsync());
            await echoing.WithTimeout();
        }
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        await using (connection)
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync();
                foreach (var segment in read.Buffer)
                {
                    connection.Transport.Output.Write(segment.Span);
                }

                connection.Transport.Input.AdvanceTo(read.Buffer.End);
                await connection.Transport.Output.FlushAsync();
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
    }
}

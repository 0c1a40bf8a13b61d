using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>WebSockets: an upgrade, then frames both ways.</summary>
public sealed class WebSocketTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Echo_SmallAndLargeMessages_ComeBackUnchanged(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, UseEcho);
        using var socket = new ClientWebSocket();
        socket.Options.Proxy = null;
        await socket.ConnectAsync(new UriBuilder(host.Address) { Scheme = "ws" }.Uri, CancellationToken.None).WithTimeout();
        foreach (var size in new[] { 0, 1, 125, 4096, 300_000 })
        {
            var message = RandomNumberGenerator.GetBytes(size);
            await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None).WithTimeout();
            Assert.Equal(message, await ReceiveMessageAsync(socket));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", CancellationToken.None).WithTimeout();
        Assert.Equal(WebSocketState.Closed, socket.State);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Receive_ClientVanishes_EndsTheHandler(TransportKind kind)
    {
        var ended = new Gate();
        await using var host = await TestHost.StartAsync(kind, app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                try
                {
                    await socket.ReceiveAsync(new byte[1], CancellationToken.None).WithTimeout();
                }
                catch (WebSocketException)
                {
                    ended.Open();
                }
            });
        });
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        var key = Convert.ToBase64String(Encoding.ASCII.GetBytes("0123456789abcdef"));
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);

        client.Reset();

        await ended.PassAsync();
    }

    private static void UseEcho(WebApplication app)
    {
        app.UseWebSockets();
        app.Run(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[16 * 1024];
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                    return;
                }

                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
            }
        });
    }

    private static async Task<byte[]> ReceiveMessageAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None).WithTimeout();
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return message.ToArray();
            }
        }
    }
}

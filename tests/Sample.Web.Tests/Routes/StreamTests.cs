using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Text.Json;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Routes;

public class StreamTests
{
    [Theory]
    [ClassData(typeof(TransportNames))]
    public async Task WebSocket_Messages_ComeBackAndCloseCleanly(string transport)
    {
        await using var sample = await SampleProcess.StartAsync("--transport", transport);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{sample.Port}/ws"), CancellationToken.None).WithTimeout(Deadline.Short);

        foreach (var size in new[] { 0, 1, 125, 65_536, 300_000 })
        {
            var sent = new byte[size];
            new Random(size).NextBytes(sent);
            await socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None).WithTimeout(Deadline.Short);
            Assert.Equal(sent, await ReceiveAsync(socket));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", CancellationToken.None).WithTimeout(Deadline.Short);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task WebSocket_AppStops_IsClosedWithAReason()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{sample.Port}/ws"), CancellationToken.None).WithTimeout(Deadline.Short);

        var stop = sample.StopAsync();
        await socket.ReceiveAsync(new ArraySegment<byte>(new byte[100]), CancellationToken.None).WithTimeout(Deadline.Short);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WithTimeout(Deadline.Short);

        Assert.Equal(0, await stop);
    }

    [Theory]
    [ClassData(typeof(TransportNames))]
    public async Task Events_Subscribed_CarryFiguresEverySecond(string transport)
    {
        await using var sample = await SampleProcess.StartAsync("--transport", transport);
        using var client = sample.CreateClient();
        await using var stream = await client.GetStreamAsync(new Uri("/events", UriKind.Relative)).WithTimeout(Deadline.Short);

        await using var events = SseParser.Create(stream).EnumerateAsync().GetAsyncEnumerator();
        for (var i = 0; i < 2; i++)
        {
            Assert.True(await events.MoveNextAsync().WithTimeout(Deadline.Short));
            Assert.Equal("figures", events.Current.EventType);
            using var figures = JsonDocument.Parse(events.Current.Data);
            Assert.Equal(transport, figures.RootElement.GetProperty("transport").GetString());
            Assert.True(figures.RootElement.GetProperty("connections").GetInt32() >= 1);
        }
    }

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[20_000];
        while (true)
        {
            var received = await socket.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None).WithTimeout(Deadline.Short);
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return message.ToArray();
            }
        }
    }
}

using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto;

/// <summary>Handlers that wait on their thread for what only their own loop can bring: they hang on any loop that can't be taken over.</summary>
public sealed class SyncOverAsyncTests
{
    private static readonly TransportTuning OneLoop = new() { LoopCount = 1 };

    [Fact]
    public async Task Handler_WaitsForItsOwnBody_Finishes()
    {
        await using var host = await TestHost.StartAsync(TransportKind.EpollAuto, app => app.Run(context =>
        {
            var body = context.Request.Path == "/body" ? new StreamReader(context.Request.Body).ReadToEndAsync().Result : "";
            return context.Response.WriteAsync($"<{body}>");
        }), tuning: OneLoop);
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await WarmUpAsync(client);

        await client.SendAsync("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n");
        using var other = await RawClient.ConnectAsync(host.EndPoint);
        await WarmUpAsync(other); // its neighbour is served while the first one waits
        await client.SendAsync("body");

        Assert.EndsWith("<body>", await client.ReadUntilAsync("<body>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_WaitsForARequestToItsOwnServer_Finishes()
    {
        using var inner = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Waiting.Limit };
        await using var host = await TestHost.StartAsync(TransportKind.EpollAuto, app => app.Run(context =>
        {
            var answer = context.Request.Path == "/outer"
                ? inner.GetStringAsync(new Uri($"http://127.0.0.1:{context.Connection.LocalPort}/inner")).Result
                : "inner";
            return context.Response.WriteAsync($"<{answer}>");
        }), tuning: OneLoop);
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadUntilAsync("<inner>");

        await client.SendAsync("GET /outer HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.EndsWith("<<inner>>", await client.ReadUntilAsync("<<inner>>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_WaitsForAnotherConnectionsHandler_Finishes()
    {
        var given = new TaskCompletionSource<string>();
        await using var host = await TestHost.StartAsync(TransportKind.EpollAuto, app => app.Run(context =>
        {
            if (context.Request.Path == "/give")
            {
                given.SetResult("given");
            }

            return context.Response.WriteAsync(context.Request.Path == "/take" ? $"<{given.Task.Result}>" : "<>");
        }), tuning: OneLoop);
        using var taker = await RawClient.ConnectAsync(host.EndPoint);
        using var giver = await RawClient.ConnectAsync(host.EndPoint);
        await WarmUpAsync(taker);
        await WarmUpAsync(giver);

        await taker.SendAsync("GET /take HTTP/1.1\r\nHost: x\r\n\r\n");
        await giver.SendAsync("GET /give HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.EndsWith("<given>", await taker.ReadUntilAsync("<given>"), StringComparison.Ordinal);
        await giver.ReadUntilAsync("<>");
    }

    /// <summary>A raw handler whose every read waits on its thread: no protocol between it and the loop.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ConnectionHandler_BlocksOnEachRead_EchoesAll(bool unix)
    {
        using var path = new TempSocketPath();
        await using var host = await TestHost.StartAsync(TransportKind.EpollAuto, _ => { }, kestrel =>
        {
            void Use(ListenOptions listen) => listen.Run(EchoBlocking);
            if (unix)
            {
                kestrel.ListenUnixSocket(path.Path, Use);
            }
            else
            {
                kestrel.Listen(IPAddress.Loopback, 0, Use);
            }
        }, tuning: OneLoop);
        EndPoint endPoint = unix ? new System.Net.Sockets.UnixDomainSocketEndPoint(path.Path) : host.EndPoint;
        var clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RawClient.ConnectAsync(endPoint)));
        for (var round = 0; round < 20; round++)
        {
            for (var i = 0; i < clients.Length; i++)
            {
                await clients[i].SendAsync($"{round:D4}-{i}");
            }

            for (var i = 0; i < clients.Length; i++)
            {
                Assert.Equal($"{round:D4}-{i}", await clients[i].ReadTextAsync(6));
            }
        }

        foreach (var client in clients)
        {
            client.Dispose();
        }
    }

    private static Task EchoBlocking(ConnectionContext connection)
    {
        while (true)
        {
            var read = connection.Transport.Input.ReadAsync().AsTask().Result;
            if (read.IsCompleted && read.Buffer.IsEmpty)
            {
                return Task.CompletedTask;
            }

            foreach (var segment in read.Buffer)
            {
                connection.Transport.Output.WriteAsync(segment).AsTask().Wait();
            }

            connection.Transport.Input.AdvanceTo(read.Buffer.End);
        }
    }

    private static async Task WarmUpAsync(RawClient client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadUntilAsync("<>");
    }
}

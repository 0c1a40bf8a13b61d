using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto;

/// <summary>
/// Code above other protocols that waits on its thread for what only its own loop can bring. It finishes, and its neighbours on the loop are served
/// while it waits: the client sends what it waits for only after that.
/// </summary>
public sealed class SyncOverAsyncProtocolTests
{
    [Fact]
    public async Task Tls_HandlerWaitsForItsOwnBody_Finishes()
    {
        await using var host = await BlockingHost.StartAsync(
            app => app.Run(context => context.Response.WriteAsync($"<{ReadBody(context.Request)}>")),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(TestCertificates.Server)));
        using var neighbour = host.CreateClient();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(host.EndPoint).WithTimeout();
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync("localhost").WithTimeout();
        await host.UntilTakenOverAsync(async () =>
        {
            await tls.WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"u8.ToArray()).WithTimeout();
            Assert.Equal("<>", await neighbour.GetStringAsync(host.Address).WithTimeout());
            await tls.WriteAsync("body"u8.ToArray()).WithTimeout();

            await ReadUntilAsync(tls, "<body>");
        });
    }

    [Fact]
    public async Task WebSocket_ReceiveLoopWaitsForEachMessage_EchoesAll()
    {
        using var receiving = new SemaphoreSlim(0);
        await using var host = await BlockingHost.StartAsync(app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                var first = socket.ReceiveAsync(new byte[1], CancellationToken.None);
                receiving.Release();
                await first; // it comes now, and so resumes on the loop
                EchoBlocking(socket);
            });
        });
        await host.UntilTakenOverAsync(async () =>
        {
            using var one = await ConnectAsync(host);
            using var other = await ConnectAsync(host);
            await PassAsync(receiving);
            await PassAsync(receiving);
            await SendAsync(one, "!");
            await SendAsync(other, "!");
            for (var i = 0; i < 5; i++)
            {
                // Each waits for its next message while the other one is served.
                Assert.Equal($"one {i}", await EchoAsync(one, $"one {i}"));
                Assert.Equal($"other {i}", await EchoAsync(other, $"other {i}"));
            }
        });
    }

    /// <summary>Kestrel runs the handlers of HTTP/2 streams on the pool: a loop is never held up by them.</summary>
    [Fact]
    public async Task Http2_HandlersWaitForTheirOwnBodies_FinishBesideOthers()
    {
        const int Streams = 2; // each takes a thread of the pool, which adds one a second, with any transport
        await using var host = await BlockingHost.StartAsync(
            app => app.Run(context => context.Response.WriteAsync($"<{ReadBody(context.Request)}>")),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http2));
        using var client = host.CreateClient();
        var gates = Enumerable.Range(0, Streams).Select(_ => new Gate()).ToArray();
        var waiting = gates.Select((gate, i) => SendAsync(client, host, HttpMethod.Post, new GatedContent(gate, $"body {i}"))).ToArray();

        Assert.Equal("<>", await SendAsync(client, host, HttpMethod.Get, content: null)); // on the same connection

        foreach (var gate in gates)
        {
            gate.Open();
        }

        Assert.Equal(Enumerable.Range(0, Streams).Select(i => $"<body {i}>"), await Task.WhenAll(waiting).WithTimeout());
    }

    /// <summary>Below HTTP/2, in a connection middleware, user code does run on the loop.</summary>
    [Fact]
    public async Task Http2_MiddlewareWaitsForTheWholePreface_Finishes()
    {
        const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        using var reading = new SemaphoreSlim(0);
        await using var host = await BlockingHost.StartAsync(app => app.Run(context => context.Response.WriteAsync("<>")), kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http2;
            listen.Use(next => async connection =>
            {
                var input = connection.Transport.Input;
                var first = input.ReadAsync().AsTask();
                reading.Release();
                var read = await first; // it comes now, and so resumes on the loop
                while (read.Buffer.Length < Preface.Length)
                {
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    read = input.ReadAsync().AsTask().Result;
                }

                input.AdvanceTo(read.Buffer.Start);
                await next(connection);
            });
        }));
        using var neighbour = host.CreateClient();
        Assert.Equal("<>", await SendAsync(neighbour, host, HttpMethod.Get, content: null));
        await PassAsync(reading);
        await host.UntilTakenOverAsync(async () =>
        {
            using var client = await RawClient.ConnectAsync(host.EndPoint);
            await PassAsync(reading);
            await client.SendAsync(Preface[..10]);
            Assert.Equal("<>", await SendAsync(neighbour, host, HttpMethod.Get, content: null));
            await client.SendAsync(Preface[10..]);
            await client.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 }); // SETTINGS

            var header = await client.ReadAsync(9);
            Assert.Equal(4, header[3]); // the server's
        });
    }

    /// <summary>Waits until a handler has said once more where it is.</summary>
    private static async Task PassAsync(SemaphoreSlim signal) => Assert.True(await signal.WaitAsync(Waiting.Limit), $"No handler came.\n{LoopStates.Dump()}");

    private static string ReadBody(HttpRequest request) => new StreamReader(request.Body).ReadToEndAsync().Result;

    private static void EchoBlocking(WebSocket socket)
    {
        var buffer = new byte[100];
        while (true)
        {
            var received = socket.ReceiveAsync(buffer, CancellationToken.None).Result;
            if (received.MessageType == WebSocketMessageType.Close)
            {
                socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Wait();
                return;
            }

            socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None).AsTask().Wait();
        }
    }

    private static async Task<ClientWebSocket> ConnectAsync(TestHost host)
    {
        var socket = new ClientWebSocket();
        socket.Options.Proxy = null;
        await socket.ConnectAsync(new UriBuilder(host.Address) { Scheme = "ws" }.Uri, CancellationToken.None).WithTimeout();
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.ASCII.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).WithTimeout();

    private static async Task<string> EchoAsync(ClientWebSocket socket, string message)
    {
        var buffer = new byte[100];
        await SendAsync(socket, message);
        var received = await socket.ReceiveAsync(buffer, CancellationToken.None).WithTimeout();
        return Encoding.ASCII.GetString(buffer, 0, received.Count);
    }

    private static async Task ReadUntilAsync(Stream stream, string end)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            Assert.Equal(1, await stream.ReadAsync(one).WithTimeout());
            text.Append((char)one[0]);
        }
    }

    private static async Task<string> SendAsync(HttpClient client, TestHost host, HttpMethod method, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, host.Address)
        {
            Content = content,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request).WithTimeout();
        return await response.Content.ReadAsStringAsync().WithTimeout();
    }

    /// <summary>A body that comes when the test says.</summary>
    private sealed class GatedContent(Gate gate, string text) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync(); // the headers
            await gate.PassAsync();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = text.Length;
            return true;
        }
    }
}

using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto;

/// <summary>Under every protocol: while one connection's code holds up the only loop, the others are served, old and new; and it finishes when it may.</summary>
public sealed class BlockingProtocolTests
{
    private const int Questions = 5;

    [Theory]
    [InlineData(Protocol.Http)]
    [InlineData(Protocol.HttpOverUnixSocket)]
    [InlineData(Protocol.HttpOverTls)]
    [InlineData(Protocol.WebSocket)]
    [InlineData(Protocol.ConnectionHandler)]
    [InlineData(Protocol.ConnectionHandlerOverUnixSocket)]
    public async Task Handler_HoldsUpTheLoop_OthersAreServedAndItFinishes(Protocol protocol)
    {
        using var held = new HeldLoop();
        using var path = new TempSocketPath();
        await using var host = await BlockingHost.StartAsync(
            app =>
            {
                app.UseWebSockets();
                app.Run(context => context.WebSockets.IsWebSocketRequest ? AnswerWebSocketAsync(context, held) : AnswerHttpAsync(context, held));
            },
            kestrel => Listen(kestrel, protocol, path.Path, held));
        EndPoint endPoint = IsUnix(protocol) ? path.EndPoint : host.EndPoint;
        using var neighbour = await ProtocolPeer.ConnectAsync(protocol, endPoint);
        using var blocked = await ProtocolPeer.ConnectAsync(protocol, endPoint);
        await neighbour.AskAsync();

        var answer = await held.HoldUpAsync(blocked.AskToBlockAsync);
        for (var i = 0; i < Questions; i++)
        {
            await neighbour.AskAsync();
        }

        using (var late = await ProtocolPeer.ConnectAsync(protocol, endPoint))
        {
            await late.AskAsync();
        }

        Assert.False(answer.IsCompleted);
        await host.WaitForTakeOverAsync();
        held.Release();
        await answer;
        await blocked.AskAsync();
        await neighbour.AskAsync();
    }

    private static bool IsUnix(Protocol protocol) => protocol is Protocol.HttpOverUnixSocket or Protocol.ConnectionHandlerOverUnixSocket;

    private static void Listen(KestrelServerOptions kestrel, Protocol protocol, string path, HeldLoop held)
    {
        void Configure(ListenOptions listen)
        {
            if (protocol == Protocol.HttpOverTls)
            {
                listen.UseHttps(TestCertificates.Server);
            }
            else if (protocol is Protocol.ConnectionHandler or Protocol.ConnectionHandlerOverUnixSocket)
            {
                listen.Run(connection => AnswerBytesAsync(connection, held));
            }
        }

        if (IsUnix(protocol))
        {
            kestrel.ListenUnixSocket(path, Configure);
        }
        else
        {
            kestrel.Listen(IPAddress.Loopback, 0, Configure);
        }
    }

    private static Task AnswerHttpAsync(HttpContext context, HeldLoop held)
    {
        if (context.Request.Path == $"/{ProtocolPeer.Block}")
        {
            held.Pass();
        }

        context.Response.ContentLength = ProtocolPeer.Answer.Length;
        return context.Response.WriteAsync(ProtocolPeer.Answer);
    }

    private static async Task AnswerWebSocketAsync(HttpContext context, HeldLoop held)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        while (true)
        {
            try
            {
                var message = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (Encoding.ASCII.GetString(buffer, 0, message.Count) == ProtocolPeer.Block)
                {
                    held.Pass();
                }
            }
            catch (WebSocketException)
            {
                return; // the client just goes
            }

            await socket.SendAsync(Encoding.ASCII.GetBytes(ProtocolPeer.Answer), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
    }

    private static async Task AnswerBytesAsync(ConnectionContext connection, HeldLoop held)
    {
        while (true)
        {
            var read = await connection.Transport.Input.ReadAtLeastAsync(ProtocolPeer.Block.Length); // the other word is as long
            if (read.Buffer.Length < ProtocolPeer.Block.Length)
            {
                return;
            }

            if (Encoding.ASCII.GetString(read.Buffer) == ProtocolPeer.Block)
            {
                held.Pass();
            }

            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(ProtocolPeer.Answer));
        }
    }
}

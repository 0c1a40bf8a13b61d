using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>What the application does to the socket of the socket feature shows on the wire as with the default transport.</summary>
public sealed class LentSocketTests
{
    /// <summary>The ways in which applications drop a client.</summary>
    public enum Drop
    {
        Close,
        CloseAtOnce,
        Dispose,
        LingerZeroAndClose,
    }

    public static TheoryData<TransportKind, Drop> Drops
    {
        get
        {
            TheoryData<TransportKind, Drop> all = [];
            foreach (TransportKind kind in Enum.GetValues<TransportKind>())
            {
                foreach (Drop drop in Enum.GetValues<Drop>())
                {
                    all.Add(kind, drop);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Drops))]
    [Trait("Contract", "14")]
    public async Task Socket_Closed_ResetsTheClientAndEndsTheConnection(TransportKind kind, Drop drop)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            var reading = server.Transport.Input.ReadAsync().AsTask(); // as Kestrel does: somebody always reads
            Apply(drop, server.Features.Get<IConnectionSocketFeature>()!.Socket);

            await client.ExpectResetAsync();
            await server.ConnectionClosed.WithTimeout();
            await Record.ExceptionAsync(() => reading.WithTimeout());
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [MemberData(nameof(Drops))]
    [Trait("Contract", "14")]
    public async Task Socket_ClosedInARequest_AbortsTheRequestAndResetsTheClient(TransportKind kind, Drop drop)
    {
        var aborted = new Gate();
        await using var host = await TestHost.StartAsync(kind, app => app.Run(async context =>
        {
            context.RequestAborted.Register(aborted.Open);
            Apply(drop, context.Features.Get<IConnectionSocketFeature>()!.Socket);
            await aborted.PassAsync();
        }));
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        await client.ExpectResetAsync();
        await aborted.PassAsync();
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "14")]
    public async Task Socket_ShutDownThenClosed_EndsWithFin(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            Socket socket = server.Features.Get<IConnectionSocketFeature>()!.Socket;
            await server.WriteTextAsync("last");
            Assert.Equal("last", await client.ReadTextAsync(4)); // sent: a flush alone does not say so
            socket.Shutdown(SocketShutdown.Send);
            socket.Close();

            Assert.Empty(await client.ReadToEndAsync());
            await server.DisposeAsync().WithTimeout();
        }
    }

    /// <summary>.NET shuts down the socket of the default transport, but none that does not own its descriptor.</summary>
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "14")]
    public async Task Socket_ClosedWithATimeToWait_ResetsTheClientUnlessItOwnsTheDescriptor(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            Socket socket = server.Features.Get<IConnectionSocketFeature>()!.Socket;
            var closing = Task.Run(() => socket.Close(timeout: 5000)); // may wait for the client

            var (bytes, reset) = await client.ReadToEndOrResetAsync();

            Assert.Empty(bytes);
            Assert.Equal(kind.IsEpoll(), reset);
            client.Dispose();
            await closing.WithTimeout();
            if (reset)
            {
                await server.ConnectionClosed.WithTimeout();
            }

            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "14")]
    public async Task Socket_OfAUnixConnectionClosed_EndsTheConnection(TransportKind kind)
    {
        using var path = new TempSocketPath();
        await using var listener = await RawListener.BindAsync(kind, path.EndPoint);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            server.Features.Get<IConnectionSocketFeature>()!.Socket.Close();

            Assert.Empty(await client.ReadToEndAsync());
            await server.ConnectionClosed.WithTimeout();
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "14")]
    public async Task Socket_Closed_IsNeverLentAgain(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            var feature = server.Features.Get<IConnectionSocketFeature>()!;
            feature.Socket.Close();

            Assert.Throws<ObjectDisposedException>(() => feature.Socket);
            await server.DisposeAsync().WithTimeout();
            Assert.Throws<ObjectDisposedException>(() => feature.Socket);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "17")]
    public async Task Socket_SendingShutDown_WhatThePeerSentIsDeliveredToTheEnd(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        await AssertLastLinesComeAsync(listener, kind);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "17")]
    public async Task Socket_OfAUnixConnectionSendingShutDown_WhatThePeerSentIsDeliveredToTheEnd(TransportKind kind)
    {
        using var path = new TempSocketPath();
        await using var listener = await RawListener.BindAsync(kind, path.EndPoint);
        await AssertLastLinesComeAsync(listener, kind);
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "26")]
    public async Task Socket_ToldToLinger_ItsCloseHoldsUpNobody(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { LoopCount = 1, MaxWriteBufferSize = null });
        var (stalled, server) = await listener.ConnectAsync(clientReceiveBufferSize: 4096);
        var (client, neighbour) = await listener.ConnectAsync();
        using (stalled)
        using (client)
        await using (neighbour)
        {
            Socket socket = server.Features.Get<IConnectionSocketFeature>()!.Socket;
            socket.SendBufferSize = 256 * 1024;
            socket.LingerState = new LingerOption(enable: true, seconds: 60);
            await server.Transport.Output.WriteAsync(new byte[128 * 1024]).WithTimeout(); // more than the client takes, less than the socket holds
            var disposing = server.DisposeAsync().AsTask();
            await listener.Logs.WaitForAsync(kind, id: 7);

            for (int i = 0; i < 20; i++)
            {
                await client.SendAsync("ping");
                await neighbour.ExpectTextAsync("ping");
            }

            Assert.False(disposing.IsCompleted); // it does wait for the client, as it was told
            stalled.Reset();
            await disposing.WithTimeout();
        }
    }

    private static async Task AssertLastLinesComeAsync(RawListener listener, TransportKind kind)
    {
        for (int round = 0; round < 30; round++)
        {
            var (client, server) = await listener.ConnectAsync();
            using (client)
            {
                server.Features.Get<IConnectionSocketFeature>()!.Socket.Shutdown(SocketShutdown.Send);
                Assert.Empty(await client.ReadToEndAsync());
                await client.SendAsync("LAST");
                client.Fin();
                await server.ConnectionClosed.WithTimeout(); // the transport has all; only now somebody reads

                await server.ExpectTextAsync("LAST");
                Assert.Equal(0, await server.ReadToEndAsync());
                await server.DisposeAsync().WithTimeout();
            }
        }

        Assert.Empty(listener.Logs.Of(kind, 19));
    }

    private static void Apply(Drop drop, Socket socket)
    {
        switch (drop)
        {
            case Drop.Close:
                socket.Close();
                break;
            case Drop.CloseAtOnce:
                socket.Close(0);
                break;
            case Drop.Dispose:
                socket.Dispose();
                break;
            default:
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                socket.Close();
                break;
        }
    }
}

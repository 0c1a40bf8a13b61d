using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>How a listener ends. Alone, since one test measures the hold.</summary>
[Collection(RunsAlone.Name)]
public sealed class UnbindingTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan UnreadBound = TimeSpan.FromSeconds(2);

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "9")]
    public async Task UnbindAsync_ConnectionAccepted_LivesOn(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            await listener.Listener.UnbindAsync().WithTimeout();
            if (kind.IsEpoll())
            {
                // The default transport disposes its connections' memory pool here.
                await listener.Listener.DisposeAsync().WithTimeout();
            }

            await client.SendAsync("ping");
            await server.ExpectTextAsync("ping");
            await server.WriteTextAsync("pong");
            Assert.Equal("pong", await client.ReadTextAsync(4));
        }
    }

    [Theory]
    [InlineData(TransportKind.EpollAuto, false)]
    [InlineData(TransportKind.EpollAuto, true)]
    [InlineData(TransportKind.EpollInline, false)]
    [InlineData(TransportKind.EpollInline, true)]
    [InlineData(TransportKind.EpollThreadPool, false)]
    [InlineData(TransportKind.EpollThreadPool, true)]
    [Trait("Contract", "9")]
    public async Task UnbindAsync_ClientsQueued_AreHandedOutBeforeNull(TransportKind kind, bool isUnix)
    {
        const int Count = 20;
        using var path = new TempSocketPath();
        await using var listener = await RawListener.BindAsync(kind, isUnix ? path.EndPoint : null);
        var clients = new List<RawClient>();
        for (var i = 0; i < Count; i++)
        {
            clients.Add(await RawClient.ConnectAsync(listener.EndPoint));
        }

        var unbinding = listener.Listener.UnbindAsync().AsTask();
        for (var i = 0; i < Count; i++)
        {
            await using var server = await listener.AcceptAsync();
            await server.WriteTextAsync("ok");
        }

        Assert.Null(await listener.Listener.AcceptAsync().WithTimeout());
        Assert.Null(await listener.Listener.AcceptAsync().WithTimeout());
        await unbinding.WithTimeout();
        foreach (var client in clients)
        {
            Assert.Equal("ok"u8.ToArray(), await client.ReadToEndAsync());
            client.Dispose();
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "9")]
    public async Task UnbindAsync_AcceptedClientIsSilent_CompletesAfterTheBound(TransportKind kind)
    {
        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            await using var listener = await RawListener.BindAsync(kind);
            var sinceConnected = Stopwatch.StartNew();
            var (client, server) = await listener.ConnectAsync();
            using (client)
            await using (server)
            {
                var clock = Stopwatch.StartNew();
                await listener.Listener.UnbindAsync().WithTimeout();
                var took = clock.Elapsed;

                // Where the machine stood still for the bound before the unbind looked, the client is no recent one any more.
                Assert.True(took >= Bound * 0.6 || sinceConnected.Elapsed >= Bound, $"It took {took.TotalMilliseconds} ms");
                fastest = took < fastest ? took : fastest;
            }
        }

        Assert.True(fastest < Bound * 1.3, $"The fastest of five took {fastest.TotalMilliseconds} ms");
    }

    /// <summary>On a busy machine an application may come to a request late; Kestrel would close the connection without an answer. One that never reads does not hold up the stop for good.</summary>
    [Theory]
    [InlineData(TransportKind.EpollAuto, true)]
    [InlineData(TransportKind.EpollAuto, false)]
    [InlineData(TransportKind.EpollInline, true)]
    [InlineData(TransportKind.EpollInline, false)]
    [InlineData(TransportKind.EpollThreadPool, true)]
    [InlineData(TransportKind.EpollThreadPool, false)]
    [Trait("Contract", "9")]
    public async Task UnbindAsync_BytesAreThereAndNotConsumed_WaitsLonger(TransportKind kind, bool consumes)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var sinceConnected = Stopwatch.StartNew();
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            await client.SendAsync("late");
            var unbinding = listener.Listener.UnbindAsync().AsTask();
            if (consumes)
            {
                await Task.Delay(Bound * 3);
                Assert.True(!unbinding.IsCompleted || sinceConnected.Elapsed > UnreadBound, $"It took less than {sinceConnected.Elapsed.TotalMilliseconds} ms");
                await server.ExpectTextAsync("late");
            }

            await unbinding.WithTimeout();
            Assert.True(consumes || sinceConnected.Elapsed > Bound * 3, $"It took {sinceConnected.Elapsed.TotalMilliseconds} ms");
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "9")]
    public async Task UnbindAsync_FirstBytesConsumed_CompletesAtOnce(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            await using var other = await RawListener.BindAsync(kind);
            var (client, server) = await other.ConnectAsync();
            using (client)
            await using (server)
            {
                await client.SendAsync("first");
                await server.ExpectTextAsync("first");
                var clock = Stopwatch.StartNew();
                await other.Listener.UnbindAsync().WithTimeout();
                fastest = clock.Elapsed < fastest ? clock.Elapsed : fastest;
            }
        }

        Assert.True(fastest < Bound * 0.6, $"The fastest of five took {fastest.TotalMilliseconds} ms");
    }

    /// <summary>What it consumes first is no request. TLS replaces the transport only after the handshake: <see cref="StopBeforeTheFirstRequestTests"/>.</summary>
    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "9")]
    public async Task UnbindAsync_MiddlewareReadsInFrontOfTheApplication_CompletesAfterTheBound(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var sinceConnected = Stopwatch.StartNew();
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var below = server.Transport;
            server.Transport = new Replacement(below);
            await client.SendAsync("hello");
            var read = await below.Input.ReadAsync().WithTimeout();
            below.Input.AdvanceTo(read.Buffer.End);
            var clock = Stopwatch.StartNew();

            await listener.Listener.UnbindAsync().WithTimeout();

            Assert.True(clock.Elapsed >= Bound * 0.6 || sinceConnected.Elapsed >= Bound, $"It took {clock.Elapsed.TotalMilliseconds} ms");
            server.Transport = below;
        }
    }

    private sealed class Replacement(System.IO.Pipelines.IDuplexPipe below) : System.IO.Pipelines.IDuplexPipe
    {
        public System.IO.Pipelines.PipeReader Input => below.Input;

        public System.IO.Pipelines.PipeWriter Output => below.Output;
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "9")]
    public async Task UnbindAsync_NewClient_IsRefused(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        await listener.Listener.UnbindAsync().WithTimeout();

        await Assert.ThrowsAnyAsync<SocketException>(() => RawClient.ConnectAsync(listener.EndPoint));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "9")]
    public async Task UnbindAsync_TokenAlreadyCancelled_UnbindsWithoutThrowing(TransportKind kind)
    {
        // Kestrel passes such a token when a host is disposed that was not stopped, and goes on only if nothing is thrown.
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            await listener.Listener.UnbindAsync(new CancellationToken(canceled: true)).WithTimeout();
            Assert.Null(await listener.Listener.AcceptAsync().WithTimeout());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "9")]
    public async Task DisposeAsync_WithoutUnbind_AbortsWhatNobodyTook(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        using var client = await RawClient.ConnectAsync(listener.EndPoint);

        await listener.Listener.DisposeAsync().WithTimeout();

        await client.ExpectResetAsync();
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "9")]
    public async Task UnbindAndDispose_AnyOrderAnyNumberOfTimes_NeverThrow(TransportKind kind)
    {
        await using (var listener = await RawListener.BindAsync(kind))
        {
            await listener.Listener.UnbindAsync().WithTimeout();
            await listener.Listener.UnbindAsync().WithTimeout();
            await listener.Listener.DisposeAsync().WithTimeout();
            await listener.Listener.DisposeAsync().WithTimeout();
        }

        await using (var listener = await RawListener.BindAsync(kind))
        {
            var pending = listener.Listener.AcceptAsync();
            await listener.Listener.DisposeAsync().WithTimeout();
            await listener.Listener.UnbindAsync().WithTimeout();
            await listener.Listener.DisposeAsync().WithTimeout();
            Assert.Null(await pending.WithTimeout());
        }

        await using (var listener = await RawListener.BindAsync(kind))
        {
            await Task.WhenAll(
                listener.Listener.UnbindAsync().AsTask(),
                listener.Listener.DisposeAsync().AsTask(),
                listener.Listener.UnbindAsync().AsTask(),
                listener.Listener.DisposeAsync().AsTask()).WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "11")]
    public async Task DisposeAsync_OfAConnectionRightAfterAccept_EndsTheClient(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            await server.DisposeAsync().WithTimeout();
            Assert.Empty(await client.ReadToEndAsync());
        }
    }
}

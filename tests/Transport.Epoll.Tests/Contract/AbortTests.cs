using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>An abort may come at any moment, from anywhere.</summary>
public sealed class AbortTests
{
    private static readonly ConnectionAbortedException Reason = new("aborted by the test");

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "24")]
    public async Task Abort_BeforeTheFirstRead_EndsTheConnection(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            server.Abort(Reason);
            await client.ReadToEndOrResetAsync();
            await server.ConnectionClosed.WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "24")]
    public async Task Abort_ManyTimesFromManyThreads_EndsOnce(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            await Parallel.ForAsync(0, 32, (_, _) =>
            {
                server.Abort(Reason);
                return ValueTask.CompletedTask;
            }).WithTimeout();
            await server.DisposeAsync().WithTimeout();
            server.Abort(Reason);
            server.Abort();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "24")]
    public async Task Abort_InsideAConnectionClosedCallback_DoesNotDeadlock(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            var called = new Gate();
            server.ConnectionClosed.Register(() =>
            {
                server.Abort(Reason);
                called.Open();
            });
            client.Fin();
            Assert.Equal(0, await server.ReadToEndAsync());
            await called.PassAsync();
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "24")]
    public async Task Abort_WhileDisposeWaitsForTheClient_LetsItEnd(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync(clientReceiveBufferSize: 64 * 1024);
        using (client)
        {
            var writing = server.Transport.Output.WriteAsync(new byte[16 * 1024 * 1024]).AsTask();
            server.Transport.Output.CancelPendingFlush();
            await writing.WithTimeout();
            var disposing = server.DisposeAsync().AsTask();
            server.Abort(Reason);
            await disposing.WithTimeout();
            await client.ReadToEndOrResetAsync();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "24")]
    public async Task Abort_RacingWithData_NeverHangs(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        for (var round = 0; round < 30; round++)
        {
            var (client, server) = await listener.ConnectAsync();
            using (client)
            {
                var start = new Gate();
                var sending = AfterAsync(start, () => client.Socket.SendAsync(new byte[1000]));
                var aborting = AfterAsync(start, () =>
                {
                    server.Abort(Reason);
                    return Task.CompletedTask;
                });
                var disposing = AfterAsync(start, () => server.DisposeAsync().AsTask());
                start.Open();
                await aborting.WithTimeout();
                await disposing.WithTimeout();
                await sending.ContinueWith(_ => { }, TaskScheduler.Default).WithTimeout();
            }
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "24")]
    public async Task Abort_WhileReceivingIsPaused_EndsTheConnection(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { MaxReadBufferSize = 8192 });
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            await client.SendAsync(new byte[100_000]);
            await listener.Logs.WaitForAsync(kind, id: 4);
            server.Abort(Reason);
            await server.DisposeAsync().WithTimeout();
            await server.ConnectionClosed.WithTimeout();
        }
    }

    private static async Task AfterAsync(Gate gate, Func<Task> action)
    {
        await gate.PassAsync();
        await Task.Yield();
        await action();
    }
}

using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>What a caller's AsyncLocals hold does not live as long as what it made: no timer, task, thread or registration keeps its execution context.</summary>
[Collection(RunsAlone.Name)]
public sealed class ExecutionContextTests
{
    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "29")]
    public async Task BindAsync_CallerHasAsyncLocals_KeepsNone(TransportKind kind)
    {
        await using var transport = new RawTransport(kind);
        var (held, listener) = CallWith(() => RawListener.BindAsync(transport));

        await ExpectCollectedAsync(held);
        await listener.DisposeAsync();
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "29")]
    public async Task AcceptAsync_CallerHasAsyncLocals_ConnectionKeepsNone(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        using var client = await RawClient.ConnectAsync(listener.EndPoint);

        var (held, server) = CallWith(listener.AcceptAsync);

        await ExpectCollectedAsync(held);
        await server.DisposeAsync().WithTimeout();
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "29")]
    public async Task Connection_UsedWithAsyncLocals_KeepsNone(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            await client.SendAsync("hi");
            var (held, _) = CallWith(async () =>
            {
                await server.ExpectTextAsync("hi");
                await server.WriteTextAsync("ho");
                _ = server.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>()!.Socket;
                return true;
            });

            await ExpectCollectedAsync(held);
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "29")]
    public async Task UnbindAsync_CallerHasAsyncLocals_ListenerAndConnectionKeepNone(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            var (held, _) = CallWith(async () =>
            {
                await listener.Listener.UnbindAsync();
                return true;
            });

            await ExpectCollectedAsync(held);
            await server.DisposeAsync().WithTimeout();
        }
    }

    /// <summary>On a thread that ends, so that its own context goes with it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Held, T Result) CallWith<T>(Func<Task<T>> call)
    {
        WeakReference? held = null;
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            var local = new AsyncLocal<object> { Value = new object() };
            held = new WeakReference(local.Value);
            failure = Record.Exception(() => result = call().WithTimeout().GetAwaiter().GetResult());
        });
        thread.UnsafeStart();
        thread.JoinWithTimeout();
        Assert.Null(failure);
        return (held!, result!);
    }

    private static Task ExpectCollectedAsync(WeakReference held) => Waiting.UntilAsync(
        () =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            return !held.IsAlive;
        },
        what: "the caller's AsyncLocal value is collected");
}

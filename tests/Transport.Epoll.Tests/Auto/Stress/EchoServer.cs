using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>The transport as it is, without Kestrel above it: its factory, a TCP and a unix listener on the same two loops, and an echo on each connection.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly EchoSizes _sizes;
    private readonly TempSocketPath _path = new();
    private readonly EpollTransportFactory _factory;
    private readonly List<IConnectionListener> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly ConcurrentBag<Task> _running = [];
    private LoopTaker? _taker;

    private EchoServer(Kernel kernel, EchoSizes sizes, bool shared)
    {
        _sizes = sizes;
        var options = new EpollTransportOptions
        {
            LoopCount = shared ? 3 : 2,
            CpuAffinity = shared ? null : [0, 0], // then each loop has a driver of its own
            MaxWriteBufferSize = sizes.MaxWriteBuffer,
        };

        // The test's taker is the watchdog: the real one sees nothing slow, and who was taken over from is soon back on its loop.
        options.Auto.TakeOverAfter = TimeSpan.FromMinutes(1);
        options.Auto.SlowCallback = TimeSpan.FromMinutes(1);
        options.Auto.QuickCallbacks = 1;
        _factory = new EpollTransportFactory(Options.Create(options)) { Kernel = kernel };
    }

    public LoopTaker Taker => _taker!;

    public ConcurrentBag<EchoHandler> Handlers { get; } = [];

    public EndPoint Tcp => _listeners[0].EndPoint;

    public EndPoint Unix => _listeners[1].EndPoint;

    public static async Task<EchoServer> StartAsync(Kernel kernel, EchoSizes sizes, bool shared)
    {
        var server = new EchoServer(kernel, sizes, shared);
        server._listeners.Add(await server._factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0)).WithTimeout());
        server._listeners.Add(await server._factory.BindAsync(server._path.EndPoint).WithTimeout());
        LoopStates.Watch(server._factory);
        server._taker = new LoopTaker(server._factory.Loops!);
        server._accepting.AddRange(server._listeners.Select(server.AcceptAsync));
        return server;
    }

    /// <summary>Waits until all handlers have ended; throws what one of them threw.</summary>
    public Task EndedAsync() => Task.WhenAll(_running).WithTimeout();

    public async ValueTask DisposeAsync()
    {
        Taker.Dispose();
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync().WithTimeout();
        }

        await Task.WhenAll(_accepting).WithTimeout();
        _path.Dispose();
    }

    private async Task AcceptAsync(IConnectionListener listener)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            var handler = new EchoHandler(connection, Taker, _sizes.MaxPiece, seed: Handlers.Count);
            Handlers.Add(handler);
            _running.Add(Task.Run(handler.RunAsync));
        }
    }
}

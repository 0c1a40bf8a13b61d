using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Transport.Epoll.Tests.Support;

/// <summary>The listener of a transport, without Kestrel above it.</summary>
internal sealed class RawListener : IAsyncDisposable
{
    private readonly RawTransport _transport;
    private readonly bool _ownsTransport;

    private RawListener(RawTransport transport, IConnectionListener listener, bool ownsTransport)
    {
        _transport = transport;
        _ownsTransport = ownsTransport;
        Listener = listener;
    }

    public IConnectionListener Listener { get; }

    public EndPoint EndPoint => Listener.EndPoint;

    public CapturingLoggerProvider Logs => _transport.Logs;

    public RecordingMemoryPoolFactory Pools => _transport.Pools;

    public static async Task<RawListener> BindAsync(TransportKind kind, EndPoint? endPoint = null, TransportTuning? tuning = null)
    {
        var transport = new RawTransport(kind, tuning);
        try
        {
            return await BindAsync(transport, endPoint, ownsTransport: true);
        }
        catch
        {
            await transport.DisposeAsync();
            throw;
        }
    }

    public static Task<RawListener> BindAsync(RawTransport transport, EndPoint? endPoint = null) =>
        BindAsync(transport, endPoint, ownsTransport: false);

    public async Task<ConnectionContext> AcceptAsync()
    {
        var connection = await Listener.AcceptAsync().WithTimeout();
        return Assert.IsAssignableFrom<ConnectionContext>(connection);
    }

    /// <summary>A client and the server's end of the same connection.</summary>
    public async Task<(RawClient Client, ConnectionContext Server)> ConnectAsync(int? clientReceiveBufferSize = null)
    {
        var client = await RawClient.ConnectAsync(EndPoint, clientReceiveBufferSize);
        return (client, await AcceptAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync().WithTimeout();
        if (_ownsTransport)
        {
            await _transport.DisposeAsync().WithTimeout();
        }
    }

    private static async Task<RawListener> BindAsync(RawTransport transport, EndPoint? endPoint, bool ownsTransport)
    {
        var listener = await transport.Factory.BindAsync(endPoint ?? new IPEndPoint(IPAddress.Loopback, 0)).WithTimeout();
        LoopStates.Watch(transport.Factory);
        return new RawListener(transport, listener, ownsTransport);
    }
}

/// <summary>The factory of a transport, taken from a plain service provider.</summary>
internal sealed class RawTransport : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public RawTransport(TransportKind kind, TransportTuning? tuning = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(Logs));
        services.AddSingleton<IMemoryPoolFactory<byte>>(Pools);
        services.AddTransport(kind, tuning);
        _services = services.BuildServiceProvider();
        Factory = _services.GetServices<IConnectionListenerFactory>().Last();
        Assert.Equal(kind.IsEpoll() ? "EpollTransportFactory" : "SocketTransportFactory", Factory.GetType().Name);
    }

    public CapturingLoggerProvider Logs { get; } = new();

    public RecordingMemoryPoolFactory Pools { get; } = new();

    public IConnectionListenerFactory Factory { get; }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

/// <summary>A factory and one listener without Kestrel, whose meter is read and whose kernel the test scripts.</summary>
internal sealed class MeteredTransport : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConcurrentBag<IDisposable> _clients = [];
    private readonly ConcurrentBag<ConnectionContext> _accepted = [];
    private IConnectionListener? _listener;

    private MeteredTransport(EpollTransportOptions options, bool hasMeters)
    {
        IMeterFactory? meters = hasMeters ? _services.GetRequiredService<IMeterFactory>() : null;
        Factory = new EpollTransportFactory(Options.Create(options), meters: meters) { Kernel = Kernel };
        Diagnostics = new EpollDiagnostics(() => Factory.Observation);
        Meter = new MeterReader(meters);
    }

    public ScriptedKernel Kernel { get; } = new();

    public EpollTransportFactory Factory { get; }

    public EpollDiagnostics Diagnostics { get; }

    public MeterReader Meter { get; }

    public EndPoint EndPoint => _listener!.EndPoint;

    public static async Task<MeteredTransport> BindAsync(EpollScheduling scheduling = EpollScheduling.Auto, EndPoint? endPoint = null, int loops = 1,
        Action<EpollTransportOptions>? configure = null, bool hasMeters = true)
    {
        EpollTransportOptions options = new() { LoopCount = loops, Scheduling = scheduling };
        configure?.Invoke(options);
        MeteredTransport transport = new(options, hasMeters);
        await transport.ListenAsync(endPoint);
        return transport;
    }

    public async Task ListenAsync(EndPoint? endPoint = null)
    {
        _listener = await Factory.BindAsync(endPoint ?? new IPEndPoint(IPAddress.Loopback, 0)).WithTimeout();
        LoopStates.Watch(Factory);
    }

    public Task StopListeningAsync() => _listener!.DisposeAsync().WithTimeout();

    public async Task<ConnectionContext> AcceptAsync()
    {
        ConnectionContext connection = (await _listener!.AcceptAsync().WithTimeout())!;
        _accepted.Add(connection);
        return connection;
    }

    public async Task<(RawClient Client, ConnectionContext Server)> ConnectAsync(int? clientReceiveBufferSize = null)
    {
        RawClient client = await RawClient.ConnectAsync(EndPoint, clientReceiveBufferSize);
        _clients.Add(client);
        return (client, await AcceptAsync());
    }

    /// <summary>Waits until the instrument says this.</summary>
    public Task UntilAsync(string name, double value, params (string Key, object Value)[] tags)
        => Waiting.UntilAsync(() => Meter.Read(name, tags) == value, what: $"{name} {string.Join(", ", tags)} is {value}");

    /// <summary>Ends the connections, too: a test that failed leaves no loop to those after it.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (IDisposable client in _clients)
        {
            client.Dispose();
        }

        await Task.WhenAll(_accepted.Select(connection => connection.DisposeAsync().AsTask())).WithTimeout();
        if (_listener is not null)
        {
            await _listener.DisposeAsync().WithTimeout();
        }

        Meter.Dispose();
        await _services.DisposeAsync();
    }
}

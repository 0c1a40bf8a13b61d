using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

/// <summary>Kestrel's own metrics, for the same traffic, are the same with Sockets and with this transport: names, values and tags.</summary>
public class KestrelMetricsTests
{
    [Theory]
    [InlineData(TransportKind.EpollAuto)]
    [InlineData(TransportKind.EpollInline)]
    [InlineData(TransportKind.EpollThreadPool)]
    public async Task KestrelMetrics_OverTcp_AreThoseOfSockets(TransportKind kind)
    {
        IReadOnlyList<string> sockets = await MeasureAsync(TransportKind.Sockets, static options => options.Listen(IPAddress.Loopback, 0));

        IReadOnlyList<string> ours = await MeasureAsync(kind, static options => options.Listen(IPAddress.Loopback, 0));

        Assert.Contains(sockets, line => line.Contains("server.port=PORT", StringComparison.Ordinal) && line.StartsWith("kestrel.connection.duration", StringComparison.Ordinal));
        Assert.Contains(sockets, line => line.Contains("error.type=", StringComparison.Ordinal));
        Assert.Equal(sockets, ours);
    }

    [Theory]
    [InlineData(TransportKind.EpollAuto)]
    public async Task KestrelMetrics_OverAUnixSocket_AreThoseOfSockets(TransportKind kind)
    {
        using TempSocketPath first = new();
        using TempSocketPath second = new();
        IReadOnlyList<string> sockets = await MeasureAsync(TransportKind.Sockets, options => options.ListenUnixSocket(first.Path), first.EndPoint);

        IReadOnlyList<string> ours = await MeasureAsync(kind, options => options.ListenUnixSocket(second.Path), second.EndPoint);

        Assert.Contains(sockets, line => line.Contains("network.transport=unix", StringComparison.Ordinal));
        Assert.Equal(sockets, ours);
    }

    /// <summary>The same connections, one after the other: each has ended, for Kestrel too, before the next begins.</summary>
    private static async Task<IReadOnlyList<string>> MeasureAsync(TransportKind kind, Action<KestrelServerOptions> listen, UnixDomainSocketEndPoint? unix = null)
    {
        await using TestHost host = await TestHost.StartAsync(kind, app => app.Run(context =>
        {
            if (context.Request.Path == "/abort")
            {
                context.Abort();
            }

            return context.Response.WriteAsync("x");
        }), options =>
        {
            options.Limits.MaxConcurrentConnections = 1;
            listen(options);
        });
        EndPoint endPoint = unix ?? (EndPoint)host.EndPoint;
        using Recorder recorder = new(host.App.Services.GetRequiredService<IMeterFactory>(), unix?.ToString(), unix is null ? host.Address.Port : 0);

        int connections = 0;
        foreach (Func<RawClient, Task> talk in new Func<RawClient, Task>[] { AskOnceAsync, AskAndLeaveAsync, ResetAsync, SendNonsenseAsync, AbortAsync, LeaveInTheMiddleAsync })
        {
            using RawClient client = await RawClient.ConnectAsync(endPoint);
            await talk(client);
            connections++;
            await Waiting.UntilAsync(() => recorder.Count("kestrel.connection.duration") == connections);
        }

        using (RawClient kept = await RawClient.ConnectAsync(endPoint))
        {
            await kept.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            await kept.ReadUntilAsync("x\r\n0\r\n\r\n");
            using RawClient refused = await RawClient.ConnectAsync(endPoint); // one more than there may be
            await refused.ReadToEndOrResetAsync();
            await Waiting.UntilAsync(() => recorder.Count("kestrel.rejected_connections") == 1);
        }

        await Waiting.UntilAsync(() => recorder.Count("kestrel.connection.duration") >= connections + 1 && recorder.Sum("kestrel.active_connections") == 0 && recorder.Sum("kestrel.queued_connections") == 0);
        return recorder.Lines();
    }

    private static async Task AskOnceAsync(RawClient client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        await client.ReadToEndAsync();
    }

    private static async Task AskAndLeaveAsync(RawClient client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadUntilAsync("x\r\n0\r\n\r\n");
        client.Fin();
        await client.ReadToEndAsync();
    }

    private static async Task ResetAsync(RawClient client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadUntilAsync("x\r\n0\r\n\r\n");
        client.Reset();
    }

    private static async Task SendNonsenseAsync(RawClient client)
    {
        await client.SendAsync("nonsense\r\n\r\n");
        await client.ReadToEndOrResetAsync();
    }

    private static async Task AbortAsync(RawClient client)
    {
        await client.SendAsync("GET /abort HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadToEndOrResetAsync();
    }

    private static async Task LeaveInTheMiddleAsync(RawClient client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHo");
        client.Fin();
        await client.ReadToEndOrResetAsync();
    }

    /// <summary>Keeps all measurements of one host's Kestrel. Any thread.</summary>
    private sealed class Recorder : IDisposable
    {
        private readonly MeterListener _listener;
        private readonly List<(string Name, double Value, string Tags)> _all = [];
        private readonly string? _path;
        private readonly int _port;

        public Recorder(IMeterFactory meters, string? path, int port)
        {
            _path = path;
            _port = port;
            _listener = new MeterListener
            {
                InstrumentPublished = (instrument, listener) =>
                {
                    if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Meter.Name == "Microsoft.AspNetCore.Server.Kestrel")
                    {
                        listener.EnableMeasurementEvents(instrument);
                    }
                },
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument.Name, 1, tags)); // a duration: that there was one
            _listener.Start();
        }

        public int Count(string name)
        {
            lock (_all)
            {
                return _all.Count(each => each.Name == name);
            }
        }

        public double Sum(string name)
        {
            lock (_all)
            {
                return _all.Where(each => each.Name == name).Sum(each => each.Value);
            }
        }

        public IReadOnlyList<string> Lines()
        {
            lock (_all)
            {
                return [.. _all.Select(each => $"{each.Name} {each.Value} {each.Tags}").Order(StringComparer.Ordinal)];
            }
        }

        public void Dispose() => _listener.Dispose();

        private void Add(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string text = string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={Neutral(tag)}").Order(StringComparer.Ordinal));
            lock (_all)
            {
                _all.Add((name, value, text));
            }
        }

        /// <summary>Two hosts differ in port and path.</summary>
        private object? Neutral(KeyValuePair<string, object?> tag)
            => tag.Key == "server.port" && Equals(tag.Value, _port) ? "PORT" : _path is not null && Equals(tag.Value, _path) ? "PATH" : tag.Value;
    }
}

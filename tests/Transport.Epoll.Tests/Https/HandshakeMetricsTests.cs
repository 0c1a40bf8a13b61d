using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>Handshakes are counted by Kestrel's own instruments.</summary>
public sealed class HandshakeMetricsTests
{
    [Fact]
    public async Task Handshakes_OneGoodAndOneBad_AreMeasuredByKestrelsInstruments()
    {
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto);
        var meters = host.App.Services.GetRequiredService<IMeterFactory>();
        ConcurrentQueue<Instrument> instruments = new();
        ConcurrentQueue<Dictionary<string, object?>> durations = new();
        long active = 0;
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Name is "kestrel.tls_handshake.duration" or "kestrel.active_tls_handshakes")
                {
                    instruments.Enqueue(instrument);
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => durations.Enqueue(tags.ToArray().ToDictionary()));
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref active, count));
        listener.Start();
        var published = instruments.Where(instrument => ReferenceEquals(instrument.Meter.Scope, meters)).ToArray();
        Assert.Equal(2, published.Length); // Kestrel's and ours are the same

        await using (await TlsClient.ConnectAsync(host))
        {
            await Waiting.UntilAsync(() => durations.Count == 1);
        }

        using var bad = await RawClient.ConnectAsync(host.EndPoint);
        await bad.SendAsync("garbage, garbage");
        await Waiting.UntilAsync(() => durations.Count == 2);

        Assert.Equal("1.3", durations.First()["tls.protocol.version"]);
        Assert.Equal(host.EndPoint.Port, durations.First()["server.port"]);
        Assert.Equal("System.Security.Authentication.AuthenticationException", durations.Last()["error.type"]);
        await Waiting.UntilAsync(() => Volatile.Read(ref active) == 0);
    }
}

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>Listens to what one host says by Kestrel's meter, from now on.</summary>
internal sealed class KestrelMeter : IDisposable
{
    public const string Active = "kestrel.active_tls_handshakes";

    public const string Duration = "kestrel.tls_handshake.duration";

    public const string Connections = "kestrel.active_connections";

    public const string ConnectionDuration = "kestrel.connection.duration";

    private readonly MeterListener _listener;
    private readonly ConcurrentQueue<(string Name, double Value, KeyValuePair<string, object?>[] Tags)> _measured = new();
    private readonly ConcurrentQueue<string> _instruments = new();

    public KestrelMeter(TestHost host)
    {
        var meters = host.App.Services.GetRequiredService<IMeterFactory>();
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Meter.Name == "Microsoft.AspNetCore.Server.Kestrel")
                {
                    _instruments.Enqueue(instrument.Name);
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _measured.Enqueue((instrument.Name, value, tags.ToArray())));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _measured.Enqueue((instrument.Name, value, tags.ToArray())));
        _listener.Start();
    }

    /// <summary>The instruments that there are, by name.</summary>
    public IReadOnlyCollection<string> Instruments => _instruments;

    /// <summary>The values and tags of an instrument so far.</summary>
    public List<(double Value, KeyValuePair<string, object?>[] Tags)> Of(string name)
        => [.. _measured.Where(each => each.Name == name).Select(each => (each.Value, each.Tags))];

    public double SumOf(string name) => Of(name).Sum(each => each.Value);

    public void Dispose() => _listener.Dispose();
}

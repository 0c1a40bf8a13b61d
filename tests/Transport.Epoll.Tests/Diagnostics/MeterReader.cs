using System.Diagnostics.Metrics;
using Transport.Epoll.Diagnostics;

namespace Transport.Epoll.Tests.Diagnostics;

/// <summary>Reads the observable instruments of one meter <c>Transport.Epoll</c>, as an exporter does. The test's thread.</summary>
internal sealed class MeterReader : IDisposable
{
    private readonly MeterListener _listener;
    private readonly List<(string Name, double Value, Dictionary<string, object?> Tags)> _measurements = [];

    /// <summary>Of a host's meter factory, or, without one, of the process's own meter.</summary>
    public MeterReader(IMeterFactory? meters)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == SchedulingCounters.MeterName && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    Instruments.Add(instrument);
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public List<Instrument> Instruments { get; } = [];

    /// <summary>What the instrument says now, those of its measurements added up that have these tags.</summary>
    public double Read(string name, params (string Key, object Value)[] tags)
        => Measure(name).Where(measured => tags.All(tag => Equals(measured.Tags.GetValueOrDefault(tag.Key), tag.Value))).Sum(measured => measured.Value);

    /// <summary>Its measurements.</summary>
    public IReadOnlyList<(double Value, Dictionary<string, object?> Tags)> Measure(string name)
    {
        _measurements.Clear();
        _listener.RecordObservableInstruments();
        return [.. _measurements.Where(measured => measured.Name == $"transport.epoll.{name}").Select(measured => (measured.Value, measured.Tags))];
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        => _measurements.Add((instrument.Name, value, tags.ToArray().ToDictionary()));
}

using System.Diagnostics.Metrics;

namespace Sample.Web.Figures;

/// <summary>Reads what the meter <c>Transport.Epoll</c> counts of the Auto mode, as any metrics exporter would. Any thread.</summary>
internal sealed class SchedulingMeter : IDisposable
{
    private const string Prefix = "transport.epoll.";

    private static readonly string[] s_names = ["takeovers", "moves_to_pool", "moves_to_loop", "standby_loans"];

    private readonly Dictionary<string, long> _values = [];
    private readonly MeterListener _listener = new();

    public SchedulingMeter()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Transport.Epoll" && s_names.Any(name => instrument.Name == Prefix + name))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _values[instrument.Name] = _values.GetValueOrDefault(instrument.Name) + value); // loop by loop
        _listener.Start();
    }

    public SchedulingFigures Read()
    {
        lock (_values)
        {
            _values.Clear();
            _listener.RecordObservableInstruments();
            long Value(string name) => _values.GetValueOrDefault(Prefix + name);
            return new SchedulingFigures(Value("takeovers"), Value("moves_to_pool"), Value("moves_to_loop"), Value("standby_loans"));
        }
    }

    public void Dispose() => _listener.Dispose();
}

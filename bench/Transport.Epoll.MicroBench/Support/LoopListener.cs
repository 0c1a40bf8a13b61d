using System.Diagnostics.Metrics;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.MicroBench.Support;

/// <summary>Listens to the meter of a loop, ten times as often as dotnet-counters does.</summary>
/// <remarks>The benchmark's thread makes it; a timer reads.</remarks>
internal sealed class LoopListener : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly Meter _meter = new(SchedulingCounters.MeterName);
    private readonly MeterListener _listener = new();
    private readonly Timer _timer;

    public LoopListener(EventLoopGroup group)
    {
        TransportObservation observation = new("bench", new SchedulingCounters());
        observation.Begin(group.Loops.ToArray().Select(static loop => loop.Probe), group.Threads);
        TransportInstruments.Create(_meter, () => [observation]);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == _meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        _listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        _listener.Start();
        _timer = new Timer(_ => _listener.RecordObservableInstruments(), null, s_interval, s_interval);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _listener.Dispose();
        _meter.Dispose();
    }
}

using System.Diagnostics;
using System.Diagnostics.Tracing;

namespace Transport.Epoll.Diagnostics;

/// <summary>The event counters of <see cref="TransportEventSource"/>, read only while somebody listens. The first three of them have the names that those of System.Net.Sockets have.</summary>
/// <remarks>Made once. Read on the runtime's thread of all event counters, one at a time.</remarks>
internal sealed class EventCounterSet
{
    // Kept, for an event source holds its counters weakly.
    private readonly List<DiagnosticCounter> _counters = [];
    private readonly EventSource _source;

    public EventCounterSet(EventSource source)
    {
        _source = source;
        Total("incoming-connections-established", "Incoming Connections Established", static totals => totals.Accepted);
        Total("bytes-received", "Bytes Received", static totals => totals.BytesReceived, "B");
        Total("bytes-sent", "Bytes Sent", static totals => totals.BytesSent, "B");
        Sum("current-connections", "Current Connections", static transport => transport.Loops.Sum(static window => window.Loop.Counters.Shared.Connections));
        Sum("waiting-connections", "Connections Accepted And Not Handed Out", static transport => transport.Listeners.Sum(static listener => listener.Waiting));
        Total("accept-errors", "Accept Errors", static totals => totals.AcceptErrors);
        Rate("receive-calls", "Receive Calls", static totals => totals.ReceiveCalls);
        Rate("send-calls", "Send Calls", static totals => totals.SendCalls);
        Sum("paused-readers", "Connections Whose Reading Is Paused", static transport => transport.Loops.Sum(static window => window.Loop.Counters.PausedReaders));
        Sum("paused-writers", "Connections Whose Sending Waits", static transport => transport.Loops.Sum(static window => window.Loop.Counters.Shared.PausedWriters));
        Rate("loop-turns", "Loop Turns", static totals => totals.Turns);
        Mean("events-per-wait", "Events Per epoll_wait", static totals => totals.Events, static totals => totals.Waits);
        Highest("loop-utilization", "Busiest Loop's Utilization", static figures => 100 * figures.Utilization, "%");
        Highest("loop-lag", "Longest Turn Of A Loop", static figures => figures.Lag.TotalMilliseconds, "ms");
        Rate("callbacks", "Callbacks", static totals => totals.Callbacks + totals.CallbacksToPool);
        Mean("callback-time", "Mean Callback Time On Loops", static totals => 1000.0 * totals.CallbackTicks / Stopwatch.Frequency, static totals => totals.Callbacks, "ms");
        Highest("callback-max-time", "Longest Callback On A Loop", static figures => figures.LongestCallback.TotalMilliseconds, "ms");
        Total("takeovers", "Take-Overs Of Loops", static totals => totals.TakeOvers);
        Rate("wakeups", "Wake-Ups Of Loops", static totals => totals.WakeUps);
        Sum("threads", "Threads", static transport => transport.Threads is var (driving, reserve, lent, heldUp) ? driving + reserve + lent + heldUp : 0);
    }

    private void Total(string name, string display, Func<TransportTotals, double> value, string unit = "")
        => _counters.Add(new PollingCounter(name, _source, () => value(LiveTransports.Look().Totals)) { DisplayName = display, DisplayUnits = unit });

    private void Rate(string name, string display, Func<TransportTotals, double> value)
        => _counters.Add(new IncrementingPollingCounter(name, _source, () => value(LiveTransports.Look().Totals)) { DisplayName = display, DisplayRateTimeScale = TimeSpan.FromSeconds(1) });

    private void Sum(string name, string display, Func<TransportObservation, double> value)
        => _counters.Add(new PollingCounter(name, _source, () => LiveTransports.Look().Live.Sum(value)) { DisplayName = display });

    private void Highest(string name, string display, Func<LoopFigures, double> value, string unit)
        => _counters.Add(new PollingCounter(name, _source, () => LiveTransports.Look().Live.SelectMany(static transport => transport.Loops).Select(window => value(window.Look())).DefaultIfEmpty().Max())
        {
            DisplayName = display,
            DisplayUnits = unit,
        });

    /// <summary>Of what has come since the last look.</summary>
    private void Mean(string name, string display, Func<TransportTotals, double> sum, Func<TransportTotals, double> number, string unit = "")
    {
        TransportTotals last = default;
        _counters.Add(new PollingCounter(name, _source, () =>
        {
            TransportTotals now = LiveTransports.Look().Totals;
            TransportTotals since = now - last;
            last = now;
            return number(since) > 0 ? sum(since) / number(since) : 0;
        })
        {
            DisplayName = display,
            DisplayUnits = unit,
        });
    }
}

using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Transport.Epoll.Diagnostics;

/// <summary>
/// The instruments of the meter <c>Transport.Epoll</c>, all observable: a listener reads what the loops count for themselves, on its own thread. docs/metrics.md lists them.
/// </summary>
/// <remarks>Any thread.</remarks>
internal static class TransportInstruments
{
    private const string Receive = "receive";
    private const string Transmit = "transmit";

    private static readonly ConnectionEnd[] s_ends = Enum.GetValues<ConnectionEnd>();

    /// <summary>Adds them to a meter.</summary>
    /// <param name="meter">The meter.</param>
    /// <param name="transports">Whose figures it tells: those of one host, or of all that have no meter of their own.</param>
    public static void Create(Meter meter, Func<IEnumerable<TransportObservation>> transports)
    {
        new Builder(meter, transports).Connections().Network().Listeners().Loops().Callbacks().Scheduling();
    }

    private sealed class Builder(Meter meter, Func<IEnumerable<TransportObservation>> transports)
    {
        public Builder Connections()
        {
            UpDown("connection.count", "{connection}", "Connections that are open.", loop => One(loop, loop.Shared.Connections));
            Counter("connection.accepted", "{connection}", "Connections accepted.", loop => One(loop, loop.Shared.Accepted));
            Counter("connection.ended", "{connection}", "Connections that have ended.",
                static loop => s_ends.Select(end => new Measurement<long>(loop.Shared.Ended(end), LoopTag(loop), new("epoll.connection.end_reason", end.Name()))));
            UpDown("connection.paused", "{connection}", "Connections that stand still: the application does not read, or the peer does not take.", loop => Both(loop, loop.PausedReaders, loop.Shared.PausedWriters));
            Counter("connection.pauses", "{pause}", "How often a connection began to stand still.", loop => Both(loop, loop.ReaderPauses, loop.Shared.WriterPauses));
            return this;
        }

        public Builder Network()
        {
            Counter("network.io", "By", "Bytes received and sent on connections.", loop => Both(loop, loop.BytesReceived, loop.BytesSent));
            Counter("network.calls", "{call}", "Calls that receive and send, also those that found nothing or no room.", loop => Both(loop, loop.ReceiveCalls, loop.SendCalls));
            Counter("network.gathered_sends", "{call}", "Sends of several buffers at once.", loop => One(loop, loop.GatheredSends));
            return this;
        }

        public Builder Listeners()
        {
            meter.CreateObservableCounter("transport.epoll.listener.accept_errors", () => OfListeners(static (snapshot, tags) => snapshot.AcceptErrors.Select(
                each => new Measurement<long>(each.Value, [.. tags, new("error.type", each.Key)]))), "{error}", "Failures to accept a connection.");
            meter.CreateObservableUpDownCounter("transport.epoll.listener.waiting", () => OfListeners(static (snapshot, tags) => Known(snapshot.Waiting, tags)),
                "{connection}", "Connections accepted and not yet handed to the server.");
            meter.CreateObservableUpDownCounter("transport.epoll.listener.queue.length", () => OfListeners(static (snapshot, tags) => Known(snapshot.QueueLength, tags)),
                "{connection}", "Connections in the kernel's queue of the listener.");
            meter.CreateObservableUpDownCounter("transport.epoll.listener.queue.limit", () => OfListeners(static (snapshot, tags) => Known(snapshot.QueueLimit, tags)),
                "{connection}", "How many connections that queue takes.");
            meter.CreateObservableCounter("transport.epoll.listener.queue.drops", () => OfListeners(static (snapshot, tags) => Known(snapshot.QueueDrops, tags)),
                "{packet}", "Packets of handshakes that the kernel dropped at the listener, nearly always because its queue was full.");
            return this;
        }

        public Builder Loops()
        {
            Counter("loop.turns", "{turn}", "Turns of the loop.", static loop => One(loop, loop.Turns));
            Counter("loop.waits", "{call}", "Calls of epoll_wait.", static loop => One(loop, loop.Waits));
            Counter("loop.events", "{event}", "Events that epoll_wait brought.", static loop => One(loop, loop.Events));
            Counter("loop.wakeups", "{wakeup}", "How often another thread woke the loop.", static loop => One(loop, loop.Shared.WakeUps));
            Seconds("loop.wait_time", "Time in which the loop had nothing to do.", static loop => loop.WaitTicks(Stopwatch.GetTimestamp()));
            Gauge("loop.utilization", "1", "The share of the time in which the loop had something to do.", static figures => figures.Utilization);
            Gauge("loop.lag", "s", "The longest time between two looks for events.", static figures => figures.Lag.TotalSeconds);
            return this;
        }

        public Builder Callbacks()
        {
            Counter("callback.runs", "{callback}", "Callbacks of applications.", static loop =>
            [
                new Measurement<long>(loop.Callbacks, LoopTag(loop), new("epoll.callback.place", "loop")),
                new Measurement<long>(loop.CallbacksToPool, LoopTag(loop), new("epoll.callback.place", "pool")),
            ]);
            Seconds("callback.time", "Time that callbacks on the loop took.", static loop => loop.CallbackTicks);
            Gauge("callback.max_time", "s", "The longest callback on the loop.", static figures => figures.LongestCallback.TotalSeconds);
            return this;
        }

        public Builder Scheduling()
        {
            Counter("takeovers", "{takeover}", "Loops that another thread took over from a callback that held them up.", static loop => One(loop, loop.TakeOvers));
            OfAll("moves_to_pool", "{connection}", "Connections whose callbacks went to the thread pool, because one was slow.", static counters => counters.MovesToPool);
            OfAll("moves_to_loop", "{connection}", "Connections whose callbacks came back to their loop.", static counters => counters.MovesToLoop);
            OfAll("standby_loans", "{loan}", "Threads lent to callbacks that the thread pool had left waiting while the process used less than half of its processors.", static counters => counters.Loans);
            OfAll("thread.started", "{thread}", "Standby threads that were started.", static counters => counters.ThreadsStarted);
            OfAll("thread.ended", "{thread}", "Standby threads that were not needed any more.", static counters => counters.ThreadsEnded);
            meter.CreateObservableUpDownCounter("transport.epoll.thread.count", () => transports().SelectMany(static transport => Threads(transport.Threads)),
                "{thread}", "The transport's threads, by what they do.");
            return this;
        }

        private static IEnumerable<Measurement<long>> One(LoopCounters loop, long value) => [new(value, LoopTag(loop))];

        private static IEnumerable<Measurement<long>> Both(LoopCounters loop, long received, long sent) =>
        [
            new(received, LoopTag(loop), new("network.io.direction", Receive)),
            new(sent, LoopTag(loop), new("network.io.direction", Transmit)),
        ];

        private static IEnumerable<Measurement<long>> Known(long? value, KeyValuePair<string, object?>[] tags) => value is long known ? [new(known, tags)] : [];

        private static KeyValuePair<string, object?> LoopTag(LoopCounters loop) => new("epoll.loop.index", loop.Index);

        private static IEnumerable<Measurement<long>> Threads((int Driving, int Reserve, int Lent, int HeldUp) count) =>
        [
            new(count.Driving, new KeyValuePair<string, object?>("epoll.thread.state", "driving")),
            new(count.Reserve, new KeyValuePair<string, object?>("epoll.thread.state", "reserve")),
            new(count.Lent, new KeyValuePair<string, object?>("epoll.thread.state", "lent")),
            new(count.HeldUp, new KeyValuePair<string, object?>("epoll.thread.state", "held_up")),
        ];

        private IEnumerable<LoopWindow> Windows() => transports().SelectMany(static transport => transport.Loops);

        private IEnumerable<Measurement<long>> OfListeners(Func<EpollListenerSnapshot, KeyValuePair<string, object?>[], IEnumerable<Measurement<long>>> measure)
            => transports().SelectMany(static transport => transport.Listeners).SelectMany(listener => measure(listener.Capture(), listener.Tags));

        private void Counter(string name, string unit, string description, Func<LoopCounters, IEnumerable<Measurement<long>>> measure)
            => meter.CreateObservableCounter($"transport.epoll.{name}", () => Windows().SelectMany(window => measure(window.Loop.Counters)), unit, description);

        private void UpDown(string name, string unit, string description, Func<LoopCounters, IEnumerable<Measurement<long>>> measure)
            => meter.CreateObservableUpDownCounter($"transport.epoll.{name}", () => Windows().SelectMany(window => measure(window.Loop.Counters)), unit, description);

        private void Seconds(string name, string description, Func<LoopCounters, long> ticks) => meter.CreateObservableCounter($"transport.epoll.{name}",
            () => Windows().Select(window => new Measurement<double>(ticks(window.Loop.Counters) / (double)Stopwatch.Frequency, LoopTag(window.Loop.Counters))), "s", description);

        private void Gauge(string name, string unit, string description, Func<LoopFigures, double> value) => meter.CreateObservableGauge($"transport.epoll.{name}",
            () => Windows().Select(window => new Measurement<double>(value(window.Look()), LoopTag(window.Loop.Counters))), unit, description);

        private void OfAll(string name, string unit, string description, Func<SchedulingCounters, long> value)
            => meter.CreateObservableCounter($"transport.epoll.{name}", () => transports().Select(transport => new Measurement<long>(value(transport.Counters))), unit, description);
    }
}

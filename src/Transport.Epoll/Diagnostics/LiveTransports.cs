using System.Diagnostics.Metrics;

namespace Transport.Epoll.Diagnostics;

/// <summary>The transports of the process that serve, for the event counters, which know no hosts; and the meter of those whose host has no meter factory.</summary>
/// <remarks>Any thread, under its lock.</remarks>
internal static class LiveTransports
{
    private static readonly Lock s_gate = new();
    private static readonly List<TransportObservation> s_all = [];
    private static readonly List<TransportObservation> s_withoutFactory = [];

    // What transports counted that have ended since: a total never falls.
    private static TransportTotals s_ended;
    private static Meter? s_meter;

    /// <summary>A group of loops begins.</summary>
    public static void Add(TransportObservation transport, bool hasMeter)
    {
        lock (s_gate)
        {
            s_ended -= TransportTotals.Of(transport); // its counters go on where its last group ended
            s_all.Add(transport);
            if (!hasMeter)
            {
                s_withoutFactory.Add(transport);
                if (s_meter is null)
                {
                    s_meter = new Meter(SchedulingCounters.MeterName);
                    TransportInstruments.Create(s_meter, static () => Copy(s_withoutFactory));
                }
            }
        }
    }

    /// <summary>Its last connection and listener are gone.</summary>
    public static void Remove(TransportObservation transport)
    {
        lock (s_gate)
        {
            if (s_all.Remove(transport))
            {
                s_ended += TransportTotals.Of(transport);
                s_withoutFactory.Remove(transport);
            }
        }
    }

    /// <summary>Those that serve now, and the totals of all that ever did.</summary>
    public static (TransportObservation[] Live, TransportTotals Totals) Look()
    {
        lock (s_gate)
        {
            TransportTotals totals = s_ended;
            foreach (TransportObservation transport in s_all)
            {
                totals += TransportTotals.Of(transport);
            }

            return ([.. s_all], totals);
        }
    }

    private static TransportObservation[] Copy(List<TransportObservation> transports)
    {
        lock (s_gate)
        {
            return [.. transports];
        }
    }
}

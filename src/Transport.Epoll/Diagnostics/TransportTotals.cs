namespace Transport.Epoll.Diagnostics;

/// <summary>The totals of a transport, or of several.</summary>
internal readonly record struct TransportTotals(
    long Accepted, long AcceptErrors, long BytesReceived, long BytesSent, long ReceiveCalls, long SendCalls, long Turns, long Waits, long Events,
    long Callbacks, long CallbacksToPool, long CallbackTicks, long TakeOvers, long WakeUps)
{
    public static TransportTotals Of(TransportObservation transport)
    {
        TransportTotals totals = default;
        foreach (LoopWindow window in transport.Loops)
        {
            LoopCounters loop = window.Loop.Counters;
            totals += new TransportTotals(loop.Shared.Accepted, 0, loop.BytesReceived, loop.BytesSent, loop.ReceiveCalls, loop.SendCalls, loop.Turns, loop.Waits, loop.Events,
                loop.Callbacks, loop.CallbacksToPool, loop.CallbackTicks, loop.TakeOvers, loop.Shared.WakeUps);
        }

        return totals with { AcceptErrors = transport.Counters.AcceptErrors };
    }

    public static TransportTotals operator +(TransportTotals a, TransportTotals b) => new(
        a.Accepted + b.Accepted, a.AcceptErrors + b.AcceptErrors, a.BytesReceived + b.BytesReceived, a.BytesSent + b.BytesSent, a.ReceiveCalls + b.ReceiveCalls, a.SendCalls + b.SendCalls,
        a.Turns + b.Turns, a.Waits + b.Waits, a.Events + b.Events, a.Callbacks + b.Callbacks, a.CallbacksToPool + b.CallbacksToPool, a.CallbackTicks + b.CallbackTicks,
        a.TakeOvers + b.TakeOvers, a.WakeUps + b.WakeUps);

    public static TransportTotals operator -(TransportTotals a, TransportTotals b) => new(
        a.Accepted - b.Accepted, a.AcceptErrors - b.AcceptErrors, a.BytesReceived - b.BytesReceived, a.BytesSent - b.BytesSent, a.ReceiveCalls - b.ReceiveCalls, a.SendCalls - b.SendCalls,
        a.Turns - b.Turns, a.Waits - b.Waits, a.Events - b.Events, a.Callbacks - b.Callbacks, a.CallbacksToPool - b.CallbacksToPool, a.CallbackTicks - b.CallbackTicks,
        a.TakeOvers - b.TakeOvers, a.WakeUps - b.WakeUps);
}

using System.Diagnostics.Metrics;

namespace Transport.Epoll.Diagnostics;

/// <summary>
/// What the Auto mode did, as observable instruments of the meter <c>Transport.Epoll</c>: a listener reads them on its own thread, so that
/// none runs on a loop.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class SchedulingCounters
{
    public const string MeterName = "Transport.Epoll";

    private long _takeOvers;
    private long _movesToPool;
    private long _movesToLoop;
    private long _loopBackOffs;
    private long _loans;

    public SchedulingCounters(IMeterFactory? meters)
    {
        Meter? meter = meters?.Create(MeterName);
        meter?.CreateObservableCounter("transport.epoll.takeovers", () => TakeOvers, "{takeover}", "Loops that a standby thread took over from a callback that held them up.");
        meter?.CreateObservableCounter("transport.epoll.moves_to_pool", () => MovesToPool, "{connection}", "Connections whose callbacks went to the thread pool, because one was slow.");
        meter?.CreateObservableCounter("transport.epoll.moves_to_loop", () => MovesToLoop, "{connection}", "Connections whose callbacks came back to their loop.");
        meter?.CreateObservableCounter("transport.epoll.loop_backoffs", () => LoopBackOffs, "{backoff}", "Loops that left all callbacks to the thread pool for a while.");
        meter?.CreateObservableCounter("transport.epoll.standby_loans", () => Loans, "{loan}", "Standby threads lent to callbacks that the thread pool had left waiting while the process used less than half of its processors.");
    }

    public long TakeOvers => Interlocked.Read(ref _takeOvers);

    public long MovesToPool => Interlocked.Read(ref _movesToPool);

    public long MovesToLoop => Interlocked.Read(ref _movesToLoop);

    public long LoopBackOffs => Interlocked.Read(ref _loopBackOffs);

    public long Loans => Interlocked.Read(ref _loans);

    public void AddTakeOver() => Interlocked.Increment(ref _takeOvers);

    public void AddMoveToPool() => Interlocked.Increment(ref _movesToPool);

    public void AddMoveToLoop() => Interlocked.Increment(ref _movesToLoop);

    public void AddLoopBackOff() => Interlocked.Increment(ref _loopBackOffs);

    public void AddLoan() => Interlocked.Increment(ref _loans);
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Transport.Epoll.Diagnostics;

/// <summary>What a factory's loops count together: what the Auto mode did, the standby threads, and the callbacks that hold a thread up; and where each loop's own counters are.</summary>
/// <param name="logger">Is told of changes of the number of standby threads, at debug level; a logger that a loop's thread may use.</param>
/// <remarks>Any thread.</remarks>
internal sealed class SchedulingCounters(ILogger? logger = null)
{
    public const string MeterName = "Transport.Epoll";

    // Under the lock: the counters of the loops that were made last.
    private readonly List<LoopCounters> _loops = [];

    private readonly ILogger _logger = logger ?? NullLogger.Instance;
    private long _takeOvers;
    private long _movesToPool;
    private long _movesToLoop;
    private long _loans;
    private long _threadsStarted;
    private long _threadsEnded;
    private long _acceptErrors;

    public long TakeOvers => Interlocked.Read(ref _takeOvers);

    public long MovesToPool => Interlocked.Read(ref _movesToPool);

    public long MovesToLoop => Interlocked.Read(ref _movesToLoop);

    public long Loans => Interlocked.Read(ref _loans);

    public long ThreadsStarted => Interlocked.Read(ref _threadsStarted);

    public long ThreadsEnded => Interlocked.Read(ref _threadsEnded);

    /// <summary>Failures to accept, of all listeners that there ever were.</summary>
    public long AcceptErrors => Interlocked.Read(ref _acceptErrors);

    /// <summary>The callbacks from which loops were taken over and that have not returned yet.</summary>
    public HeldUpCallbacks HeldUp { get; } = new();

    /// <summary>Counters for a new loop. They go on where those of the last loop with this number ended: a counter never falls.</summary>
    public LoopCounters NewLoop(int index)
    {
        lock (_loops)
        {
            LoopCounters counters = LoopCounters.After(index < _loops.Count ? _loops[index] : null, index);
            if (index < _loops.Count)
            {
                _loops[index] = counters;
            }
            else
            {
                _loops.Add(counters);
            }

            return counters;
        }
    }

    public void AddTakeOver() => Interlocked.Increment(ref _takeOvers);

    public void AddMoveToPool() => Interlocked.Increment(ref _movesToPool);

    public void AddMoveToLoop() => Interlocked.Increment(ref _movesToLoop);

    public void AddLoan() => Interlocked.Increment(ref _loans);

    public void AddAcceptError() => Interlocked.Increment(ref _acceptErrors);

    /// <summary>A standby thread was started; there are <paramref name="standbys"/> now.</summary>
    public void AddThread(int standbys)
    {
        Interlocked.Increment(ref _threadsStarted);
        TransportEventSource.Log.OnThreadStarted(standbys);
        EpollTransportLog.StandbyStarted(_logger, standbys);
    }

    /// <summary>A standby thread has ended; there are <paramref name="standbys"/> left.</summary>
    public void RemoveThread(int standbys)
    {
        Interlocked.Increment(ref _threadsEnded);
        TransportEventSource.Log.OnThreadEnded(standbys);
        EpollTransportLog.StandbyEnded(_logger, standbys);
    }
}

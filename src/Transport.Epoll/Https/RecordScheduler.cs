using System.IO.Pipelines;

namespace Transport.Epoll.Https;

/// <summary>
/// Where what HTTP/2 flushes is encrypted. A connection that flushes several times for what it receives once answers many streams: each waits its turn in the
/// pool, and what is flushed meanwhile is in the same record. Else the thread that flushes encrypts, which saves the hop.
/// </summary>
/// <remarks>
/// Any thread schedules, the reader counts what is received, without a fence: the counters only choose between ways that are both correct.
/// The figures are those of the transport's own sends (<c>SendScheduler</c>).
/// </remarks>
internal sealed class RecordScheduler : PipeScheduler
{
    private const int ReceivesPerProbe = 8;
    private const int MaxFlushesPerProbe = 12;
    private const int ReceivesGathered = 512;

    private int _flushes;
    private int _receives;
    private int _gatheredReceives;

    public override void Schedule(Action<object?> action, object? state)
    {
        if (_gatheredReceives > 0)
        {
            ThreadPool.Schedule(action, state);
        }
        else
        {
            _flushes++;
            action(state);
        }
    }

    /// <summary>Something was received from the peer.</summary>
    public void OnReceived()
    {
        if (_gatheredReceives > 0)
        {
            _gatheredReceives--;
        }
        else if (++_receives >= ReceivesPerProbe)
        {
            _gatheredReceives = _flushes > MaxFlushesPerProbe ? ReceivesGathered : 0;
            _flushes = 0;
            _receives = 0;
        }
    }
}

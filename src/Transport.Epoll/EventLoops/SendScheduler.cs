using System.IO.Pipelines;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Runs the output pump of one connection. A flush by the loop's own callbacks is posted, so that the answers of a turn leave together.
/// A pool thread that answers what the loop received sends at once: measured at 64 connections, posting the send instead cost the pool's
/// threads more in waiting for the loop than the send itself. Another thread's flush is sent at once if the loop sleeps (it saves the
/// wake-up) and posted if it is awake (it saves the contention) — all this unless the connection is one that flushes several times for what it receives once, as HTTP/2 does with its
/// streams: then it waits its turn in the pool, and what is flushed meanwhile leaves with it.
/// </summary>
/// <remarks>
/// Any thread schedules. The counters are written by the send pump and the receive pump without a fence: they only choose between ways that
/// are all correct.
/// </remarks>
internal sealed class SendScheduler(EventLoop loop) : PipeScheduler
{
    private const int ReceivesPerProbe = 8;
    private const int MaxSendsPerProbe = 12;
    private const int ReceivesCoalesced = 512;

    private int _sends;
    private int _receives;
    private int _coalescedReceives;

    public override void Schedule(Action<object?> action, object? state)
    {
        if (loop.IsDrivenHere)
        {
            loop.Post(action, state);
        }
        else if (_coalescedReceives > 0)
        {
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
        }
        else if (PoolQueue.IsServingHere || loop.TryEnterSendInPlace())
        {
            action(state);
        }
        else
        {
            loop.Post(action, state);
        }
    }

    /// <summary>The send pump sent something.</summary>
    public void OnSent() => _sends++;

    /// <summary>The receive pump received something.</summary>
    public void OnReceived()
    {
        if (_coalescedReceives > 0)
        {
            _coalescedReceives--;
            _sends = 0;
            _receives = 0;
        }
        else if (++_receives >= ReceivesPerProbe)
        {
            _coalescedReceives = _sends > MaxSendsPerProbe ? ReceivesCoalesced : 0;
            _sends = 0;
            _receives = 0;
        }
    }
}

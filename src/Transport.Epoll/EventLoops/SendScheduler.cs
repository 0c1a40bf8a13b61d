using System.Diagnostics;
using System.IO.Pipelines;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Runs the output pump of one connection. Flushes are posted to the loop, so that the answers of a turn leave together and only one
/// thread is busy with the kernel; while the loop, or all threads that serve it, sleep, the flushing thread sends at once, which saves the wake-up. A connection that
/// flushes several times for what it receives once, as HTTP/2 does with its streams, waits its turn in the pool instead: what is flushed
/// meanwhile leaves with it. What is large is sent in place by whoever flushed it, for the answer goes on at once then: Kestrel sends a flush that
/// has to wait through the pool.
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

    /// <summary>In bytes: from here on the copy into the socket costs more than another send with more in it saves.</summary>
    internal const int MinLargeSend = 16 * 1024;

    /// <summary>What is sent in place for what was received once, before the loop has its turn; as much as the send pump's share of a turn.</summary>
    private const int MaxBytesInPlace = 1024 * 1024;

    // What the latest send says of the next one.
    private bool _sendsLarge;
    private long _bytesInPlace; // a download whose pipe never runs empty only adds
    private long _sends;
    private int _receives;
    private int _coalescedReceives;

    public override void Schedule(Action<object?> action, object? state)
    {
        if (_sendsLarge && _bytesInPlace < MaxBytesInPlace)
        {
            long before = LoopThread.Sending - Stopwatch.GetTimestamp();
            action(state);
            LoopThread.Sending = before + Stopwatch.GetTimestamp(); // with what the action itself had sent in place
            return;
        }

        _bytesInPlace = 0;
        if (loop.IsDrivenHere)
        {
            loop.Post(action, state);
        }
        else if (_coalescedReceives > 0)
        {
            Uninterruptible.QueueToPool(action, state);
        }
        else if (loop.TryEnterSendInPlace())
        {
            action(state);
        }
        else
        {
            loop.Post(action, state);
        }
    }

    /// <summary>The send pump sent something.</summary>
    public void OnSent(int bytes)
    {
        _sendsLarge = bytes >= MinLargeSend;
        if (_sendsLarge)
        {
            _bytesInPlace += bytes;
        }
        else
        {
            _sends++;
        }
    }

    /// <summary>The receive pump received something.</summary>
    public void OnReceived()
    {
        _bytesInPlace = 0;
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

namespace Transport.Epoll.Diagnostics;

/// <summary>What other threads than the lease holder count for a loop. Each of these goes with a system call or a new connection, beside which it costs nothing.</summary>
/// <remarks>Any thread, by interlocked additions.</remarks>
internal sealed class SharedLoopCounters
{
    private readonly long[] _ended = new long[Enum.GetValues<ConnectionEnd>().Length];
    private long _connections;
    private long _accepted;
    private long _wakeUps;
    private long _callbacksToPool;
    private long _sendCalls;
    private long _bytesSent;
    private long _gatheredSends;
    private long _writerPauses;
    private long _pausedWriters;

    /// <summary>Connections that belong to the loop now.</summary>
    public int Connections => (int)Volatile.Read(ref _connections);

    public long Accepted => Volatile.Read(ref _accepted);

    public long WakeUps => Volatile.Read(ref _wakeUps);

    public long CallbacksToPool => Volatile.Read(ref _callbacksToPool);

    public long SendCalls => Volatile.Read(ref _sendCalls);

    public long BytesSent => Volatile.Read(ref _bytesSent);

    public long GatheredSends => Volatile.Read(ref _gatheredSends);

    public long WriterPauses => Volatile.Read(ref _writerPauses);

    public long PausedWriters => Volatile.Read(ref _pausedWriters);

    /// <summary>The totals of the loop before; what is now begins at nothing.</summary>
    public static SharedLoopCounters After(SharedLoopCounters before)
    {
        SharedLoopCounters counters = new()
        {
            _accepted = before.Accepted,
            _wakeUps = before.WakeUps,
            _callbacksToPool = before.CallbacksToPool,
            _sendCalls = before.SendCalls,
            _bytesSent = before.BytesSent,
            _gatheredSends = before.GatheredSends,
            _writerPauses = before.WriterPauses,
        };
        before._ended.CopyTo(counters._ended, 0);
        return counters;
    }

    public long Ended(ConnectionEnd end) => Volatile.Read(ref _ended[(int)end]);

    public void OnConnection()
    {
        Interlocked.Increment(ref _accepted);
        Interlocked.Increment(ref _connections);
    }

    public void OnConnectionEnded(ConnectionEnd end)
    {
        Interlocked.Decrement(ref _connections);
        Interlocked.Increment(ref _ended[(int)end]);
    }

    public void OnWakeUp() => Interlocked.Increment(ref _wakeUps);

    public void OnCallbackToPool() => Interlocked.Increment(ref _callbacksToPool);

    public void OnSend(int bytes, bool gathered)
    {
        Interlocked.Increment(ref _sendCalls);
        Interlocked.Add(ref _bytesSent, bytes);
        if (gathered)
        {
            Interlocked.Increment(ref _gatheredSends);
        }
    }

    public void OnWriterPaused()
    {
        Interlocked.Increment(ref _writerPauses);
        Interlocked.Increment(ref _pausedWriters);
    }

    public void OnWriterResumed() => Interlocked.Decrement(ref _pausedWriters);
}

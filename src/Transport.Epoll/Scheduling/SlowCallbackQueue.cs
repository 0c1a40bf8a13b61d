using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// Hands the callbacks of a group's slow connections to the thread pool, one work item each, so that the pool's measure of its progress is that of
/// the app. A first item passes on whatever has come by the time that a pool thread is free: fed in such batches, as Sockets feeds it, the pool
/// finds the number of threads that blocking handlers need sooner than with item after item (docs/decisions/0006). A work item runs the callback
/// that has waited longest; none, if a lent thread was there first. What a lent thread ran leaves a work item to the next callback: empty ones
/// would tell the pool of progress that is none, and it would add no threads.
/// </summary>
/// <param name="toPool">Queues a work item; a test may keep it.</param>
/// <param name="gate">What lent threads wait at; a test may hold it.</param>
/// <remarks>The lease holders add; pool threads pass on and run; lent threads run (<see cref="PoolRelief"/>).</remarks>
internal sealed class SlowCallbackQueue(Action<IThreadPoolWorkItem>? toPool = null, object? gate = null) : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<MeasuredCallback> _callbacks = new();
    private readonly Action<IThreadPoolWorkItem> _toPool = toPool ?? (Uninterruptible.QueueToPool);
    private readonly object _gate = gate ?? new();
    private PoolRequest _request;

    // Callbacks that no work item has been queued for. Counted after they are in the queue and before a thread is asked for (tickets.pml).
    private int _unpassed;
    private long _added;

    // Work items, queued or still to be, whose callback a lent thread took: whoever passes on uses them up, and so do those that come in vain (tickets.pml).
    private int _spare;

    // Lent threads that wait, or are about to and will look at the queue before they do.
    private int _waiting;

    /// <summary>Whether no callback waits: a hint.</summary>
    public bool IsEmpty => _callbacks.IsEmpty;

    /// <summary>The number of callbacks that were ever added: a hint.</summary>
    public long Added => Interlocked.Read(ref _added);

    /// <summary>The number of callbacks that wait no more: a hint.</summary>
    public long Taken => Added - _callbacks.Count;

    public void Add(MeasuredCallback callback)
    {
        Uninterruptible.Enqueue(_callbacks, callback);
        Interlocked.Increment(ref _added);
        Interlocked.Increment(ref _unpassed);
        _request.Ask(this);
        if (Volatile.Read(ref _waiting) > 0)
        {
            WakeOne();
        }
    }

    /// <summary>Runs the callback that has waited longest, or waits for one; false if none comes in time, or another thread takes it first. A lent thread, which can be interrupted.</summary>
    public bool TryRunOne(TimeSpan patience, out bool wasSlow)
    {
        if (!TryTake(out MeasuredCallback? callback) && !TryWaitForOne(patience, out callback))
        {
            wasSlow = false;
            return false;
        }

        wasSlow = callback.Run();
        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        _request.OnCame();
        OneCallback one = new(this);
        for (int left = Interlocked.Exchange(ref _unpassed, 0); left > 0; left--)
        {
            if (!TryUseSpare())
            {
                _toPool(one);
            }
        }
    }

    /// <summary>Takes a callback without its work item, which is a spare one then.</summary>
    private bool TryTake([NotNullWhen(true)] out MeasuredCallback? callback)
    {
        if (!Uninterruptible.TryDequeue(_callbacks, out callback))
        {
            return false;
        }

        Interlocked.Increment(ref _spare);
        return true;
    }

    private bool TryUseSpare()
    {
        int seen = Volatile.Read(ref _spare);
        while (seen > 0)
        {
            int found = Interlocked.CompareExchange(ref _spare, seen - 1, seen);
            if (found == seen)
            {
                return true;
            }

            seen = found;
        }

        return false;
    }

    /// <summary>Wakes a lent thread. The gate is held for a few instructions, unless others take the holder's processor; an interruption that a callback left on the loop's thread stops nothing.</summary>
    private void WakeOne()
    {
        Uninterruptible.Enter(_gate);
        Monitor.Pulse(_gate);
        Monitor.Exit(_gate);
    }

    private bool TryWaitForOne(TimeSpan patience, [NotNullWhen(true)] out MeasuredCallback? callback)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            lock (_gate)
            {
                if (TryTake(out callback))
                {
                    return true;
                }

                Monitor.Wait(_gate, patience);
                return TryTake(out callback); // also when the time is up: it may be what woke nobody else
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private sealed class OneCallback(SlowCallbackQueue queue) : IThreadPoolWorkItem
    {
        void IThreadPoolWorkItem.Execute()
        {
            MeasuredCallback? callback;
            while (!Uninterruptible.TryDequeue(queue._callbacks, out callback))
            {
                if (queue.TryUseSpare())
                {
                    return;
                }

                Thread.Yield(); // a lent thread took it and has not counted yet; no wait, in which an interruption would show
            }

            callback.Run();
        }
    }
}

using System.Collections.Concurrent;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Hands application items to the thread pool in batches: one request wakes a pool thread for all that a turn brought, and the thread
/// asks for another one before it starts, so that an item that blocks holds up nobody.
/// </summary>
/// <remarks>The lease holder writes and flushes; pool threads read.</remarks>
internal sealed class PoolQueue : IThreadPoolWorkItem
{
    /// <summary>How long one pool thread stays with the batch before the pool's other work has its turn; the pool's own dispatch takes 30 ms.</summary>
    private const int MaxMilliseconds = 15;

    /// <summary>So many items are worth a pool thread before the turn ends.</summary>
    private const int MaxBatch = 16;

    private readonly ConcurrentQueue<WorkItem> _items = new();
    private PoolRequest _request;

    // Lease holder only.
    private int _unflushed;

    public void Enqueue(in WorkItem item)
    {
        Uninterruptible.Enqueue(_items, item);
        if (++_unflushed >= MaxBatch)
        {
            Flush();
        }
    }

    /// <summary>The turn has no more for now.</summary>
    public void Flush()
    {
        if (_unflushed > 0)
        {
            _unflushed = 0;
            _request.Ask(this);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        _request.OnCame();
        if (!Uninterruptible.TryDequeue(_items, out WorkItem item))
        {
            return;
        }

        string? name = Thread.CurrentThread.Name; // the pool resets it only after the batch
        long start = Environment.TickCount64;
        do
        {
            if (!_items.IsEmpty)
            {
                _request.Ask(this);
            }

            item.RunForOwner();
            CallbackIsolation.Restore(name);
        }
        while (Environment.TickCount64 - start < MaxMilliseconds && Uninterruptible.TryDequeue(_items, out item));
        if (!_items.IsEmpty)
        {
            _request.Ask(this);
        }
    }
}

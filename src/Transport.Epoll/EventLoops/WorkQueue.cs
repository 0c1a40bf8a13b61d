using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// What other threads, and the loop's own callbacks, leave for a loop. A writer wakes the loop only if it sleeps, and only one writer does.
/// </summary>
/// <remarks>Any thread writes; the lease holder reads and sleeps.</remarks>
internal sealed class WorkQueue(Action wake)
{
    private readonly ConcurrentQueue<WorkItem> _items = new();

    // 1 while the loop sleeps or is about to. The loop sets it and looks at the queue after; a writer fills the queue and looks at it after.
    // Each side has a full fence between its store and its load (TryEnterSleep / Enqueue), so they can't miss each other.
    private int _sleeping;

    // How often others have acted for the loop since it fell asleep; set back when it wakes.
    private int _acted;

    /// <summary>The number of items. Any thread: a hint.</summary>
    public int Count => _items.Count;

    public bool IsEmpty => _items.IsEmpty;

    /// <summary>Whether the loop sleeps: a hint, gone at any time.</summary>
    public bool IsSleeping => Volatile.Read(ref _sleeping) != 0;

    public void Enqueue(in WorkItem item)
    {
        Uninterruptible.Enqueue(_items, item);
        Interlocked.MemoryBarrier(); // pairs with the exchange in TryEnterSleep
        if (Volatile.Read(ref _sleeping) != 0)
        {
            Wake();
        }
    }

    /// <summary>Wakes the loop if it sleeps.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _sleeping, 0) != 0)
        {
            wake();
        }
    }

    public bool TryDequeue([MaybeNullWhen(false)] out WorkItem item) => Uninterruptible.TryDequeue(_items, out item);

    /// <summary>The loop has ended: what is there runs on the pool. Any thread.</summary>
    public void DrainToPool(Action<Exception> onFault)
    {
        while (TryDequeue(out WorkItem item))
        {
            PoolItem.Queue(item, onFault);
        }
    }

    /// <summary>Says that the loop is about to sleep. False, and awake, when there is work after all.</summary>
    public bool TryEnterSleep()
    {
        Interlocked.Exchange(ref _sleeping, 1); // pairs with the barrier in Enqueue
        if (_items.IsEmpty)
        {
            return true;
        }

        LeaveSleep();
        return false;
    }

    public void LeaveSleep()
    {
        Volatile.Write(ref _sleeping, 0);
        Volatile.Write(ref _acted, 0);
    }

    /// <summary>
    /// Whether another thread may do a loop's work itself: while the loop sleeps, and at most twice in a row, so that a broadcast is spread
    /// over the loops rather than run by one thread.
    /// </summary>
    public bool TryActForSleeper() => IsSleeping && Volatile.Read(ref _acted) < 2 && Interlocked.Increment(ref _acted) <= 2;
}

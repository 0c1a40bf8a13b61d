using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// What a thread that ran callbacks does beside them. An interruption (<see cref="Thread.Interrupt"/>) that one left on it, or that comes too late for it, shows in the thread's
/// next wait, as for a contended lock, be it within a queue: perhaps here. It is nobody's business here, and an item that it cost would never run.
/// </summary>
/// <remarks>Any thread. Each of these waits before it changes anything, so it can be tried again.</remarks>
internal static class Uninterruptible
{
    public static void Enter(object gate)
    {
        while (true)
        {
            try
            {
                Monitor.Enter(gate);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }

    public static void Enqueue<T>(ConcurrentQueue<T> queue, T item)
    {
        while (true)
        {
            try
            {
                queue.Enqueue(item);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }

    public static bool TryDequeue<T>(ConcurrentQueue<T> queue, [MaybeNullWhen(false)] out T item)
    {
        while (true)
        {
            try
            {
                return queue.TryDequeue(out item);
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }

    /// <summary>Reads what may be behind a lock, as the pool's count of its work items.</summary>
    public static T Read<T>(Func<T> read)
    {
        while (true)
        {
            try
            {
                return read();
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }

    public static void QueueToPool(Action<object?> action, object? state)
    {
        while (true)
        {
            try
            {
                ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }

    public static void QueueToPool(IThreadPoolWorkItem item)
    {
        while (true)
        {
            try
            {
                ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }
}

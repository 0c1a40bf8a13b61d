using System.Collections.Concurrent;

namespace Transport.Epoll.Diagnostics;

/// <summary>
/// Runs what observers are told, log sinks and listeners of events, on the pool, in order: they may block, and a loop must not wait for them. One that is stuck costs one pool
/// thread; past <see cref="MaxQueued"/> waiting messages further ones are dropped, so that it can't fill the memory either.
/// </summary>
/// <remarks>Any thread writes; one pool work item at a time reads.</remarks>
internal sealed class OffLoopQueue : IThreadPoolWorkItem
{
    public const int MaxQueued = 10_000;

    private readonly ConcurrentQueue<Action> _messages = new();

    // The number of messages queued or being written; who raises it from 0 starts the work item.
    private int _queued;

    public void Enqueue(Action write)
    {
        if (Volatile.Read(ref _queued) >= MaxQueued)
        {
            return;
        }

        try
        {
            _messages.Enqueue(write);
        }
        catch (ThreadInterruptedException)
        {
            return; // a callback left it on the loop's thread: a message is the least that it can cost
        }

        if (Interlocked.Increment(ref _queued) == 1)
        {
            StartWriting();
        }
    }

    /// <summary>All later messages wait for this work item, so an interruption that was left on the thread must not cost it.</summary>
    private void StartWriting()
    {
        while (true)
        {
            try
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            try
            {
                if (_messages.TryDequeue(out Action? write))
                {
                    write();
                }
            }
#pragma warning disable CA1031 // An observer that throws loses its message, nothing else; so does an interruption that was left on the thread.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
        while (Interlocked.Decrement(ref _queued) != 0);
    }
}

using System.Collections.Concurrent;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Hands the callbacks of slow connections to the thread pool, one work item each, so that the pool's measure of its progress is that of the
/// app. A first item passes on whatever has come by the time that a pool thread is free: fed in such batches, as Sockets feeds it, the pool
/// finds the number of threads that blocking handlers need sooner than with item after item (docs/decisions/0006).
/// </summary>
/// <remarks>The lease holder adds; pool threads pass on. That none is left behind: passing.pml.</remarks>
internal sealed class SlowCallbackQueue : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<MeasuredCallback> _callbacks = new();

    // 1 while a pool thread has been asked for and has not come yet.
    private int _requested;

    public void Add(MeasuredCallback callback)
    {
        _callbacks.Enqueue(callback);
        if (Interlocked.Exchange(ref _requested, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Exchange(ref _requested, 0); // before the queue is looked at: who adds later asks again
        while (_callbacks.TryDequeue(out MeasuredCallback? callback))
        {
            ThreadPool.UnsafeQueueUserWorkItem(callback, preferLocal: false);
        }
    }
}

using System.Collections.Concurrent;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Hands the callbacks of slow connections to the thread pool, one work item each, so that the pool's measure of its progress is that of the
/// app. A first item passes on whatever has come by the time that a pool thread is free: fed in such batches, as Sockets feeds it, the pool
/// finds the number of threads that blocking handlers need sooner than with item after item (docs/decisions/0006).
/// </summary>
/// <remarks>The lease holder adds; pool threads pass on.</remarks>
internal sealed class SlowCallbackQueue : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<MeasuredCallback> _callbacks = new();
    private PoolRequest _request;

    public void Add(MeasuredCallback callback)
    {
        _callbacks.Enqueue(callback);
        _request.Ask(this);
    }

    void IThreadPoolWorkItem.Execute()
    {
        _request.OnCame();
        while (_callbacks.TryDequeue(out MeasuredCallback? callback))
        {
            ThreadPool.UnsafeQueueUserWorkItem(callback, preferLocal: false);
        }
    }
}

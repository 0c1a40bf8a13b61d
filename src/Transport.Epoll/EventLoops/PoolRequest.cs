namespace Transport.Epoll.EventLoops;

/// <summary>
/// Asks the thread pool for a thread that looks at a queue, one at a time. Who adds to the queue asks after; the thread says that it has come
/// before it looks. So whatever is added is seen (passing.pml).
/// </summary>
/// <remarks>Any thread.</remarks>
internal struct PoolRequest
{
    // 1 while a pool thread has been asked for and has not come yet.
    private int _asked;

    /// <summary>Something was added: asks for a thread, unless one is on its way.</summary>
    public void Ask(IThreadPoolWorkItem worker)
    {
        if (Interlocked.Exchange(ref _asked, 1) == 0)
        {
            Uninterruptible.QueueToPool(worker);
        }
    }

    /// <summary>The thread has come: who adds from now on asks for another.</summary>
    public void OnCame() => Interlocked.Exchange(ref _asked, 0);
}

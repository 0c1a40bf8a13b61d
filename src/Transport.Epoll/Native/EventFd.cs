namespace Transport.Epoll.Native;

/// <summary>
/// Wakes an epoll_wait from another thread. Registered edge-triggered it needs no read: every write is a new edge (eventfd(2), epoll(7)).
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class EventFd : IDisposable
{
    private readonly Kernel _kernel;
    private readonly FileDescriptor _descriptor;

    public EventFd(Kernel kernel)
    {
        _kernel = kernel;
        _descriptor = new FileDescriptor(kernel, kernel.EventFdCreate().Value);
    }

    /// <summary>For the registration with the loop's epoll instance.</summary>
    public int Number => _descriptor.Number;

    /// <summary>
    /// Signals; does nothing once closed. A full counter (EAGAIN, after 2⁶⁴ − 2 signals) can't be reached.
    /// </summary>
    public void Signal()
    {
        if (!_descriptor.TryBorrow())
        {
            return;
        }

        while (_kernel.EventFdSignal(_descriptor.Number).IsInterrupted)
        {
            // A signal handler came first: the write has not happened yet.
        }

        _descriptor.Return();
    }

    public void Dispose() => _descriptor.Dispose();
}

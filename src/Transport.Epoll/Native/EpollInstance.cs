using System.Diagnostics;

namespace Transport.Epoll.Native;

/// <summary>
/// An epoll instance. All descriptors are registered edge-triggered: after an event the owner calls until the kernel
/// says would-block (or remembers that it did not); events may be spurious; the bits are hints, the calls tell the truth (epoll(7)).
/// </summary>
/// <remarks>Wait: the loop's driver. Add, modify and remove: any thread (epoll_ctl(2) is safe during epoll_wait).</remarks>
internal sealed class EpollInstance : IDisposable
{
    /// <summary>So many failures of a wait in a row, a second of them, are none that passes.</summary>
    private const int MaxFailedWaits = 100;

    private static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(10);

    private readonly Kernel _kernel;
    private readonly FileDescriptor _descriptor;

    // The loop's driver only.
    private int _failedWaits;

    public EpollInstance(Kernel kernel)
    {
        _kernel = kernel;
        _descriptor = new FileDescriptor(kernel, kernel.EpollCreate().Value);
    }

    public SysResult Add(int descriptor, EpollEvents events, ulong token)
    {
        if (!_descriptor.TryBorrow())
        {
            return SysResult.BadDescriptor;
        }

        SysResult result;
        do
        {
            result = _kernel.EpollAdd(_descriptor.Number, descriptor, events | EpollEvents.EdgeTriggered, token);
        }
        while (result.IsInterrupted);

        _descriptor.Return();
        return result;
    }

    public SysResult Modify(int descriptor, EpollEvents events, ulong token)
    {
        if (!_descriptor.TryBorrow())
        {
            return SysResult.BadDescriptor;
        }

        SysResult result;
        do
        {
            result = _kernel.EpollModify(_descriptor.Number, descriptor, events | EpollEvents.EdgeTriggered, token);
        }
        while (result.IsInterrupted);

        _descriptor.Return();
        return result;
    }

    /// <summary>Takes a descriptor out; from an instance that is closed it is gone already.</summary>
    public SysResult Remove(int descriptor)
    {
        if (!_descriptor.TryBorrow())
        {
            return SysResult.Ok(0);
        }

        SysResult result = _kernel.EpollRemove(_descriptor.Number, descriptor);
        _descriptor.Return();
        return result;
    }

    /// <summary>
    /// Waits for events. An interruption with a time limit counts as no event; without one the wait goes on. So does a failure that may pass,
    /// such as a want of memory, after a rest: it must cost neither the loop's connections nor a processor.
    /// </summary>
    /// <exception cref="UnreachableException">The wait can't succeed any more.</exception>
    public int Wait(Span<EpollEvent> events, int timeoutMilliseconds)
    {
        while (true)
        {
            SysResult result = _kernel.EpollWait(_descriptor.Number, events, timeoutMilliseconds);
            if (result.IsOk)
            {
                _failedWaits = 0;
                return result.Value;
            }

            if (!result.IsInterrupted)
            {
                Rest(result);
            }

            if (timeoutMilliseconds >= 0)
            {
                return 0;
            }
        }
    }

    private void Rest(SysResult failure)
    {
        if (failure.IsDefect || ++_failedWaits > MaxFailedWaits)
        {
            throw new UnreachableException($"epoll_wait failed: {failure.ToException().Message}", failure.ToException());
        }

        Thread.Sleep(s_rest);
    }

    public void Dispose() => _descriptor.Dispose();
}

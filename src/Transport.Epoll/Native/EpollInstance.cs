using System.Diagnostics;

namespace Transport.Epoll.Native;

/// <summary>
/// An epoll instance. All descriptors are registered edge-triggered: after an event the owner calls until the kernel
/// says would-block (or remembers that it did not); events may be spurious; the bits are hints, the calls tell the truth (epoll(7)).
/// </summary>
/// <remarks>Wait: the loop's driver. Add, modify and remove: any thread (epoll_ctl(2) is safe during epoll_wait).</remarks>
internal sealed class EpollInstance : IDisposable
{
    private readonly Kernel _kernel;
    private readonly FileDescriptor _descriptor;

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

        SysResult result = _kernel.EpollAdd(_descriptor.Number, descriptor, events | EpollEvents.EdgeTriggered, token);
        _descriptor.Return();
        return result;
    }

    public SysResult Modify(int descriptor, EpollEvents events, ulong token)
    {
        if (!_descriptor.TryBorrow())
        {
            return SysResult.BadDescriptor;
        }

        SysResult result = _kernel.EpollModify(_descriptor.Number, descriptor, events | EpollEvents.EdgeTriggered, token);
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

    /// <summary>Waits for events. An interruption with a time limit counts as no event; without one the wait goes on.</summary>
    public int Wait(Span<EpollEvent> events, int timeoutMilliseconds)
    {
        while (true)
        {
            SysResult result = _kernel.EpollWait(_descriptor.Number, events, timeoutMilliseconds);
            if (result.IsOk)
            {
                return result.Value;
            }

            if (!result.IsInterrupted)
            {
                throw new UnreachableException($"epoll_wait failed: {result.ToException().Message}", result.ToException());
            }

            if (timeoutMilliseconds >= 0)
            {
                return 0;
            }
        }
    }

    public void Dispose() => _descriptor.Dispose();
}

using System.Diagnostics;

namespace Transport.Epoll.Native;

/// <summary>
/// An epoll instance. All descriptors are registered edge-triggered: after an event the owner calls until the kernel
/// says would-block (or remembers that it did not); events may be spurious; the bits are hints, the calls tell the truth (epoll(7)).
/// </summary>
/// <remarks>Wait: the loop's driver, or, where it watches loops' instances, all threads that serve them. Add, modify and remove: any thread (epoll_ctl(2) is safe during epoll_wait).</remarks>
internal sealed class EpollInstance : IDisposable
{
    /// <summary>So many failures of a call in a row, a second of them, are none that passes.</summary>
    private const int MaxFailures = 100;

    private static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(10);

    private readonly Kernel _kernel;
    private readonly FileDescriptor _descriptor;

    // Whoever waits; a count that a race spoils only makes the patience shorter or longer.
    private int _failedWaits;

    public EpollInstance(Kernel kernel)
    {
        _kernel = kernel;
        _descriptor = new FileDescriptor(kernel, kernel.EpollCreate().Value);
    }

    /// <summary>For the registration with another instance.</summary>
    public int Number => _descriptor.Number;

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

    /// <summary>The same, for an event that somebody waits for: a failure that may pass is tried again after a rest.</summary>
    /// <exception cref="UnreachableException">It can't succeed any more.</exception>
    public void Arm(int descriptor, EpollEvents events, ulong token)
    {
        int failures = 0;
        for (SysResult result = Modify(descriptor, events, token); !result.IsOk; result = Modify(descriptor, events, token))
        {
            Rest("epoll_ctl", result, ref failures);
        }
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
    /// Waits for events: not at all, or without limit. After an interruption it is tried again, for who waits on an instance that watches this one is told of
    /// an event once. So it is after a failure that may pass, such as a want of memory, after a rest: it must cost neither the loop's connections nor a processor.
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
                Rest("epoll_wait", result, ref _failedWaits);
            }
        }
    }

    private static void Rest(string call, SysResult failure, ref int failures)
    {
        if (failure.IsDefect || ++failures > MaxFailures)
        {
            throw new UnreachableException($"{call} failed: {failure.ToException().Message}", failure.ToException());
        }

        try
        {
            Thread.Sleep(s_rest);
        }
        catch (ThreadInterruptedException)
        {
            // A callback has left it on the thread.
        }
    }

    public void Dispose() => _descriptor.Dispose();
}

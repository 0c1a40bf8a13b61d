using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>
/// Keeps the last descriptors of the process for the runtime: .NET needs some for a moment whenever it starts a thread, and ends the
/// process when it can't have them. The kernel gives out the lowest free number, so a high number tells that few are left.
/// </summary>
/// <remarks>
/// Any thread; one for all acceptors, which would otherwise take a descriptor each before they notice. Those that accept at the same moment, one
/// thread a loop, still may.
/// </remarks>
internal sealed class DescriptorReserve
{
    /// <summary>How many are kept. Starting a thread takes three.</summary>
    public const int Size = 16;

    private readonly Kernel _kernel;
    private readonly int _firstReserved;
    private volatile bool _reached;

    public DescriptorReserve(Kernel kernel)
    {
        _kernel = kernel;
        SysResult limit = kernel.DescriptorLimit();
        _firstReserved = limit.IsOk ? limit.Value - Size : int.MaxValue;
    }

    /// <summary>A connection was accepted under this number.</summary>
    public void OnAccepted(int descriptor)
    {
        if (descriptor >= _firstReserved)
        {
            _reached = true;
        }
    }

    /// <summary>Whether another descriptor may be taken. Asks the kernel only if one came from the reserve.</summary>
    public bool IsFree()
    {
        if (_reached)
        {
            SysResult probe = _kernel.EventFdCreate();
            if (probe.IsOk)
            {
                _kernel.Close(probe.Value);
                _reached = probe.Value >= _firstReserved;
            }
        }

        return !_reached;
    }
}

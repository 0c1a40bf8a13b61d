using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>
/// Keeps the last descriptors of the process for the runtime: .NET needs some for a moment whenever it starts a thread, and ends the
/// process when it can't have them. The kernel gives out the lowest free number, so a high number tells that few are left.
/// </summary>
/// <remarks>Any thread; one for all acceptors.</remarks>
internal sealed class DescriptorReserve
{
    /// <summary>How many are kept. Starting a thread takes three.</summary>
    public const int Size = 16;

    private readonly Kernel _kernel;
    private readonly int _accepting;

    // Near the reserve one accepts at a time, after a look at what is left.
    private readonly Lock _gate = new();

    // Set by whoever gets a number near the reserve, reset under the gate.
    private volatile bool _isNear;

    // The threads that accept without the gate. Each announces itself, then looks whether it is near; who is near looks for them.
    private int _ungated;

    /// <param name="kernel">The kernel.</param>
    /// <param name="accepting">How many threads may accept at the same time: so far from the reserve is near.</param>
    public DescriptorReserve(Kernel kernel, int accepting)
    {
        _kernel = kernel;
        _accepting = accepting;
    }

    /// <summary>Accepts a connection; if that would take from the reserve, EMFILE.</summary>
    public SysResult Accept(int listener, Span<byte> address, out int length)
    {
        Interlocked.Increment(ref _ungated);
        try
        {
            if (!_isNear)
            {
                return AcceptAny(listener, address, out length);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _ungated);
        }

        lock (_gate)
        {
            length = 0;
            return IsFree() ? AcceptAny(listener, address, out length) : SysResult.TooManyOpenFiles;
        }
    }

    /// <summary>Accepts a connection, from the reserve too.</summary>
    public SysResult AcceptAny(int listener, Span<byte> address, out int length)
    {
        SysResult result = _kernel.Accept(listener, address, out length);
        if (result.IsOk && result.Value >= FirstReserved() - _accepting)
        {
            _isNear = true;
        }

        return result;
    }

    /// <summary>Whether another descriptor may be taken. Asks the kernel only near the reserve.</summary>
    public bool IsFree()
    {
        if (!_isNear)
        {
            return true;
        }

        lock (_gate)
        {
            SysResult probe = _kernel.EventFdCreate();
            if (!probe.IsOk)
            {
                return false;
            }

            _kernel.Close(probe.Value);
            int firstReserved = FirstReserved();
            _isNear = probe.Value >= firstReserved - _accepting;
            return probe.Value + Volatile.Read(ref _ungated) < firstReserved;
        }
    }

    /// <summary>Asked anew each time, some 0.1 µs: the limit may be raised or lowered while the process runs (prlimit(2)).</summary>
    private int FirstReserved()
    {
        SysResult limit = _kernel.DescriptorLimit();
        return limit.IsOk ? limit.Value - Size : int.MaxValue;
    }
}

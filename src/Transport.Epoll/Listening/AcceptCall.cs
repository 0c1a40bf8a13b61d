using System.Net;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>What came of one call.</summary>
internal enum AcceptOutcome
{
    Accepted,

    /// <summary>That one connection failed: the next may be there.</summary>
    Skipped,

    /// <summary>The queue is empty.</summary>
    Drained,

    /// <summary>For want of descriptors or memory, or for a reason we don't know.</summary>
    Held,
}

/// <summary>Accepts one connection of a listening socket, hands it to the sink, and says what is to be done next.</summary>
/// <remarks>One thread at a time, as the acceptor says.</remarks>
internal sealed class AcceptCall(Acceptor acceptor, IAcceptSink sink, Kernel kernel, DescriptorReserve reserve)
{
    /// <summary>So many failures in a row are none of single connections (a security module answers EPERM to all): rest, don't spin.</summary>
    private const int MaxSkippedInRow = 16;

    private int _skippedInRow;

    /// <param name="any">Also a connection whose descriptor is of those that are kept for the process.</param>
    /// <param name="error">Why nothing was accepted; of a call that succeeded if there was no more than that.</param>
    public AcceptOutcome Run(bool any, out SysResult error)
    {
        Span<byte> address = stackalloc byte[SocketAddresses.MaxLength];
        int listener = acceptor.Socket.Descriptor.Number;
        SysResult result = any ? reserve.AcceptAny(listener, address, out int length) : reserve.Accept(listener, address, out length);
        error = default;
        if (result.IsOk)
        {
            _skippedInRow = 0;
            OnAccepted(result.Value, address[..length]);
            return AcceptOutcome.Accepted;
        }

        if (result.IsWouldBlock || result.IsInterrupted)
        {
            return result.IsWouldBlock ? AcceptOutcome.Drained : AcceptOutcome.Skipped;
        }

        error = result;
        if (result.IsConnectionError && ++_skippedInRow < MaxSkippedInRow)
        {
            return AcceptOutcome.Skipped;
        }

        _skippedInRow = 0;
        return AcceptOutcome.Held;
    }

    /// <summary>The descriptor is in nobody's hands until the sink has it.</summary>
    private void OnAccepted(int number, ReadOnlySpan<byte> address)
    {
        EndPoint? remoteEndPoint;
        FileDescriptor descriptor;
        try
        {
            remoteEndPoint = acceptor.Socket.IsUnix ? null : SocketAddresses.FromKernel(address);
            descriptor = new(kernel, number);
        }
        catch
        {
            kernel.Close(number);
            throw;
        }

        sink.OnAccepted(acceptor, descriptor, remoteEndPoint);
    }
}

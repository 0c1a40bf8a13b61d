using System.Net.Sockets;

namespace Transport.Epoll.Connections;

/// <summary>
/// The socket that a connection lends to the application. It does not own the descriptor; when the application closes or disposes it, the
/// connection is told and ends.
/// </summary>
/// <remarks>Any thread. <see cref="Socket.Close()"/>, <see cref="Socket.Close(int)"/> and <see cref="Socket.Dispose()"/> all come here.</remarks>
internal sealed class BorrowedSocket(SafeSocketHandle handle, SocketLoan loan) : Socket(handle)
{
    private int _closed;

    /// <summary>Disposes it without a word: the connection has ended.</summary>
    public void Release()
    {
        Volatile.Write(ref _closed, 1);
        Dispose();
    }

    protected override void Dispose(bool disposing)
    {
        // The base class does nothing to a descriptor that is not its own, whatever time to wait Close was given.
        base.Dispose(disposing);

        // Never from the finalizer: a socket that was merely forgotten leaves the connection as it is.
        if (disposing && Interlocked.Exchange(ref _closed, 1) == 0)
        {
            loan.OnClosed();
        }
    }
}

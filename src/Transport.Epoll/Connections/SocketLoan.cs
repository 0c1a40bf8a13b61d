using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>The socket over a connection's descriptor that the application may borrow: made on first use, never lent again once it is closed.</summary>
/// <remarks>Any thread, under its own lock.</remarks>
internal sealed class SocketLoan(Kernel kernel, FileDescriptor descriptor, ConnectionContext connection, bool isUnix, bool mayLinger)
{
    // Under the lock.
    private BorrowedSocket? _socket;
    private bool _closed;

    /// <exception cref="ObjectDisposedException">The connection has ended, or the application has closed the socket.</exception>
    public Socket Lend()
    {
        lock (this)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(Socket));
            return _socket ??= new BorrowedSocket(new SafeSocketHandle(descriptor.Number, ownsHandle: false), this);
        }
    }

    /// <summary>The application closed it: the peer is reset, unless a FIN has left already.</summary>
    public void OnClosed()
    {
        Close();
        if (!descriptor.TryBorrow())
        {
            return;
        }

        bool finSent = !isUnix && SocketOptions.IsSendingShutDown(kernel, descriptor.Number);
        descriptor.Return();
        connection.Abort(finSent ? null! : new ConnectionAbortedException("The application closed the connection's socket."));
    }

    /// <summary>
    /// The connection has ended and closes its descriptor next: lends no more. True when that close lingers, for the borrower has told it to, or
    /// whoever made the listener; else nobody can have, and the kernel is not asked.
    /// </summary>
    public bool Recall()
    {
        BorrowedSocket? lent = Close();
        lent?.Release();
        return (lent is not null || mayLinger) && !isUnix && kernel.GetLinger(descriptor.Number, out _, out int seconds).IsOk && seconds > 0;
    }

    private BorrowedSocket? Close()
    {
        Uninterruptible.Enter(this);
        _closed = true;
        Monitor.Exit(this);
        return _socket;
    }
}

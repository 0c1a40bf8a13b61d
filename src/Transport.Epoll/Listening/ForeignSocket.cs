using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>Listening sockets that somebody else has bound: a parent process, or the application itself.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class ForeignSocket
{
    /// <summary>A descriptor that was handed over: served, never closed. One that is bound and does not listen yet is made to.</summary>
    /// <exception cref="InvalidOperationException">The descriptor is none that can be served.</exception>
    public static ListenSocket Inherit(Kernel kernel, FileHandleEndPoint endPoint, int backlog)
    {
        FileDescriptor descriptor = new(kernel, checked((int)endPoint.FileHandle), owned: false);
        string what = $"Descriptor {endPoint.FileHandle}";
        EndPoint name = NameOf(kernel, descriptor.Number, what);
        Listen(kernel, descriptor.Number, backlog, what);
        return new ListenSocket(descriptor, name, isUnix: name is not IPEndPoint, file: null, isOwned: false) { MayLinger = true };
    }

    /// <summary>
    /// What the application's own <c>CreateBoundListenSocket</c> has bound (SocketTransportOptions). The socket passes to the transport, as it does to Kestrel's own, unless
    /// it does not own its handle: that one stays open and keeps its queue, like an inherited one.
    /// </summary>
    /// <exception cref="AddressInUseException">Another socket has the address.</exception>
    /// <exception cref="InvalidOperationException">It returned no socket that can be served.</exception>
    public static ListenSocket Create(Kernel kernel, Func<EndPoint, Socket> create, EndPoint endPoint, int backlog, bool noDelay, UnixSocketAccess? unixAccess)
    {
        Socket socket;
        try
        {
            socket = create(endPoint) ?? throw new InvalidOperationException($"CreateBoundListenSocket returned null for {endPoint}; allowed is a bound stream socket.");
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(exception.Message, exception);
        }

        string what = $"What CreateBoundListenSocket returned for {endPoint}";
        (FileDescriptor descriptor, bool isOwned) = TakeOver(kernel, socket);
        UnixSocketFile? file = null;
        try
        {
            EndPoint name = NameOf(kernel, descriptor.Number, what);
            if (isOwned && name is UnixDomainSocketEndPoint unix)
            {
                file = UnixSocketFile.Of(kernel, unix);
                if (unixAccess is not null)
                {
                    UnixSocketFile.Allow(kernel, unix, unixAccess);
                }
            }
            else if (isOwned && noDelay)
            {
                SocketOptions.NoDelay(kernel, descriptor.Number).ThrowIfFailed();
            }

            Listen(kernel, descriptor.Number, backlog, what);
            return new ListenSocket(descriptor, name, isUnix: name is not IPEndPoint, file, isOwned) { MayLinger = true };
        }
        catch
        {
            file?.RemoveIfOurs();
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A descriptor of our own for the socket; the managed one's is closed if it owns it, and its finalizer is kept from deleting a unix socket's file, which may be a successor's by then.
    /// </summary>
    private static (FileDescriptor Descriptor, bool IsOwned) TakeOver(Kernel kernel, Socket socket)
    {
        int theirs = (int)socket.SafeHandle.DangerousGetHandle();
        FileDescriptor descriptor = new(kernel, kernel.Duplicate(theirs).Value);
        _ = socket.LocalEndPoint; // asked once, the application can read it later, too
#pragma warning disable CA1816 // Not our Dispose: the socket is taken apart here.
        GC.SuppressFinalize(socket);
#pragma warning restore CA1816
        socket.SafeHandle.Dispose();
        bool isOpen = kernel.FileIdentity(theirs, out FileIdentity left).IsOk && kernel.FileIdentity(descriptor.Number, out FileIdentity ours).IsOk && left == ours;
        return (descriptor, !isOpen);
    }

    /// <summary>Where a descriptor is bound, if it can be served.</summary>
    private static EndPoint NameOf(Kernel kernel, int descriptor, string what)
    {
        if (SocketOptions.FindObstacle(kernel, descriptor) is string obstacle)
        {
            throw NotServed(what, obstacle);
        }

        EndPoint? name = ListenSocket.Name(kernel, descriptor);
        return name is null or IPEndPoint { Port: 0 } ? throw NotServed(what, "not bound") : name;
    }

    private static void Listen(Kernel kernel, int descriptor, int backlog, string what)
    {
        kernel.SetNonBlocking(descriptor).ThrowIfFailed();
        if (!SocketOptions.IsListening(kernel, descriptor))
        {
            SysResult listening = kernel.Listen(descriptor, backlog);
            if (listening.IsInvalid)
            {
                throw NotServed(what, "connected");
            }

            ListenSocket.ThrowIfFailed(listening);
        }
    }

    private static InvalidOperationException NotServed(string what, string obstacle)
        => new($"{what} can't be served: it is {obstacle}. Allowed is a TCP socket or a stream unix socket that is bound, listening or not yet.");
}

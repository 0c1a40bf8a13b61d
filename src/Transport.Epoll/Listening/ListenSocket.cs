using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>A listening socket and the endpoint that it is really bound to.</summary>
/// <remarks>Any thread: immutable, but for the descriptor's own state.</remarks>
internal sealed class ListenSocket
{
    public ListenSocket(FileDescriptor descriptor, EndPoint endPoint, bool isUnix, UnixSocketFile? file, bool isOwned)
    {
        Descriptor = descriptor;
        EndPoint = endPoint;
        IsUnix = isUnix;
        File = file;
        IsOwned = isOwned;
    }

    public FileDescriptor Descriptor { get; }

    public EndPoint EndPoint { get; }

    public bool IsUnix { get; }

    /// <summary>The file of a unix socket that we bound.</summary>
    public UnixSocketFile? File { get; }

    /// <summary>Whether we bound it. A socket that was handed to us is neither drained nor filtered nor closed: its queue belongs to the successor.</summary>
    public bool IsOwned { get; }

    /// <summary>Whether its connections may inherit a close that lingers (socket(7), SO_LINGER): somebody else has made it.</summary>
    public bool MayLinger { get; init; }

    /// <summary>Nobody will listen on it: closes it and removes its file.</summary>
    public void Discard()
    {
        File?.RemoveIfOurs();
        Descriptor.Dispose();
    }

    /// <summary>Binds one listening socket, or several that share the endpoint's port.</summary>
    /// <exception cref="AddressInUseException">Another socket has the address (EADDRINUSE of bind(2) or listen(2)).</exception>
    /// <exception cref="SocketException">The address can't be had for another reason.</exception>
    public static ListenSocket[] Bind(Kernel kernel, EndPoint endPoint, int count, int backlog, bool noDelay, UnixSocketAccess? unixAccess = null)
    {
        List<ListenSocket> sockets = [];
        try
        {
            switch (endPoint)
            {
                case FileHandleEndPoint inherited:
                    sockets.Add(ForeignSocket.Inherit(kernel, inherited, backlog));
                    break;
                case UnixDomainSocketEndPoint unix:
                    sockets.Add(BindUnix(kernel, unix, backlog, unixAccess));
                    break;
                case IPEndPoint ip:
                    // The first is exclusive until it listens, so that a second process gets EADDRINUSE; then it lets its siblings in (socket(7)).
                    sockets.Add(BindIP(kernel, ip, backlog, noDelay, isSibling: false));
                    for (int i = 1; i < count; i++)
                    {
                        if (i == 1)
                        {
                            SocketOptions.ReusePort(kernel, sockets[0].Descriptor.Number).ThrowIfFailed();
                        }

                        sockets.Add(BindIP(kernel, (IPEndPoint)sockets[0].EndPoint, backlog, noDelay, isSibling: true));
                    }

                    break;
                default:
                    throw new NotSupportedException($"The epoll transport can't bind {endPoint.GetType()}: it serves IPEndPoint, UnixDomainSocketEndPoint and FileHandleEndPoint.");
            }

            return [.. sockets];
        }
        catch
        {
            foreach (ListenSocket socket in sockets)
            {
                socket.Descriptor.Dispose();
            }

            throw;
        }
    }

    private static ListenSocket BindIP(Kernel kernel, IPEndPoint endPoint, int backlog, bool noDelay, bool isSibling)
    {
        FileDescriptor descriptor = new(kernel, kernel.Socket(SocketAddresses.Family(endPoint)).Value);
        try
        {
            SocketOptions.ReuseAddress(kernel, descriptor.Number).ThrowIfFailed();
            if (isSibling)
            {
                SocketOptions.ReusePort(kernel, descriptor.Number).ThrowIfFailed();
            }

            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                SocketOptions.DualMode(kernel, descriptor.Number, endPoint.Address).ThrowIfFailed();
            }

            if (noDelay)
            {
                SocketOptions.NoDelay(kernel, descriptor.Number).ThrowIfFailed();
            }

            ThrowIfFailed(kernel.Bind(descriptor.Number, SocketAddresses.ToKernel(endPoint)));
            ThrowIfFailed(kernel.Listen(descriptor.Number, backlog));
            return new ListenSocket(descriptor, Name(kernel, descriptor.Number) ?? endPoint, isUnix: false, file: null, isOwned: true);
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    private static ListenSocket BindUnix(Kernel kernel, UnixDomainSocketEndPoint endPoint, int backlog, UnixSocketAccess? access)
    {
        FileDescriptor descriptor = new(kernel, kernel.Socket(SocketAddresses.Family(endPoint)).Value);
        UnixSocketFile? file = null;
        try
        {
            SysResult bound = kernel.Bind(descriptor.Number, SocketAddresses.ToKernel(endPoint));
            ThrowIfFailed(bound.IsAddressInUse ? UnixSocketFile.BindOverStale(kernel, descriptor.Number, endPoint) : bound);
            file = UnixSocketFile.Of(kernel, endPoint);
            if (access is not null)
            {
                UnixSocketFile.Allow(kernel, endPoint, access);
            }

            ThrowIfFailed(kernel.Listen(descriptor.Number, backlog));
            return new ListenSocket(descriptor, endPoint, isUnix: true, file, isOwned: true);
        }
        catch
        {
            file?.RemoveIfOurs();
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>The endpoint that a socket is bound to; <see langword="null"/> for an unnamed unix socket.</summary>
    public static EndPoint? Name(Kernel kernel, int descriptor)
    {
        Span<byte> address = stackalloc byte[SocketAddresses.MaxLength];
        kernel.GetSocketName(descriptor, address, out int length).ThrowIfFailed();
        return SocketAddresses.FromKernel(address[..length]);
    }

    /// <exception cref="AddressInUseException">The address is in use.</exception>
    /// <exception cref="SocketException">The call failed for another reason.</exception>
    public static void ThrowIfFailed(SysResult result)
    {
        if (result.IsAddressInUse)
        {
            SocketException exception = result.ToException();
            throw new AddressInUseException(exception.Message, exception);
        }

        result.ThrowIfFailed();
    }
}

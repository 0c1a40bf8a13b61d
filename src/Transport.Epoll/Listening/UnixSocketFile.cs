using System.Net.Sockets;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>The file of a unix socket (unix(7)): it stays behind when the socket is closed, and is ours only while it is the one we bound.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class UnixSocketFile
{
    private readonly Kernel _kernel;
    private readonly string _path;
    private readonly FileIdentity _identity;

    private UnixSocketFile(Kernel kernel, string path, FileIdentity identity)
    {
        _kernel = kernel;
        _path = path;
        _identity = identity;
    }

    /// <summary>The file that was just bound; <see langword="null"/> for an abstract name, which has none.</summary>
    public static UnixSocketFile? Of(Kernel kernel, UnixDomainSocketEndPoint endPoint)
        => TryGetPath(endPoint, out string path) && kernel.FileIdentity(path, out FileIdentity identity).IsOk
            ? new UnixSocketFile(kernel, path, identity)
            : null;

    /// <summary>Says who may connect to a socket that was just bound and does not listen yet; an abstract name has no file, and is everybody's.</summary>
    public static void Allow(Kernel kernel, UnixDomainSocketEndPoint endPoint, UnixSocketAccess access)
    {
        if (TryGetPath(endPoint, out string path))
        {
            access.Apply(kernel, path);
        }
    }

    /// <summary>Removes what an earlier process left behind: only a socket, and only if nobody answers on it.</summary>
    public static bool TryRemoveStale(Kernel kernel, UnixDomainSocketEndPoint endPoint)
    {
        if (!TryGetPath(endPoint, out string path) || !kernel.FileIdentity(path, out FileIdentity identity).IsOk || !identity.IsSocket)
        {
            return false;
        }

        using FileDescriptor probe = new(kernel, kernel.Socket(SocketAddresses.Family(endPoint)).Value);
        return kernel.Connect(probe.Number, SocketAddresses.ToKernel(endPoint)).IsRefused && kernel.Unlink(path).IsOk;
    }

    /// <summary>Removes the file, unless a successor has put its own in the place.</summary>
    public void RemoveIfOurs()
    {
        if (_kernel.FileIdentity(_path, out FileIdentity now).IsOk && now == _identity)
        {
            _kernel.Unlink(_path);
        }
    }

    private static bool TryGetPath(UnixDomainSocketEndPoint endPoint, out string path)
    {
        path = endPoint.ToString() ?? string.Empty;
        return path.Length > 0 && path[0] is not ('@' or '\0');
    }
}

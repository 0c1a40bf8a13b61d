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

    /// <summary>Says who may connect to a socket that was just bound and does not listen yet.</summary>
    /// <exception cref="InvalidOperationException">The name is abstract: it has no file, and nobody can be kept from it (unix(7)).</exception>
    public static void Allow(Kernel kernel, UnixDomainSocketEndPoint endPoint, UnixSocketAccess access)
    {
        if (TryGetPath(endPoint, out string path))
        {
            access.Apply(kernel, path);
        }
        else if (access.Asked.Any())
        {
            throw new InvalidOperationException($"{string.Join(", ", access.Asked)} can't be had for the unix socket '{endPoint}': its name is abstract, so there is no file whose "
                + "permissions keep anybody out. Allowed is the path of a file, or an abstract name without these options.");
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

        // An abstract name begins with a zero, after the two bytes of the family. As text it begins with '@', which a path may do, too.
        return SocketAddresses.ToKernel(endPoint) is [_, _, not 0, ..];
    }
}

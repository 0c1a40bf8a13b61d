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

    /// <summary>
    /// Binds in the place of what an earlier process left behind: only of a socket, and only if no process has it bound, listening or not yet. Two servers
    /// that find the same file do so one after the other, under a lock on its directory, so the second finds the first one's file and leaves it.
    /// </summary>
    /// <returns>What bind(2) said; "in use" if the file is not to be replaced, or if its directory can't be read and so not be locked.</returns>
    public static SysResult BindOverStale(Kernel kernel, int descriptor, UnixDomainSocketEndPoint endPoint)
    {
        if (!TryGetPath(endPoint, out string path))
        {
            return SysResult.AddressInUse;
        }

        using DirectoryLock? taken = DirectoryLock.TryTake(kernel, Path.GetDirectoryName(path) is { Length: > 0 } directory ? directory : ".");
        return taken is not null && IsStale(kernel, path, endPoint) && kernel.Unlink(path).IsOk
            ? kernel.Bind(descriptor, SocketAddresses.ToKernel(endPoint))
            : SysResult.AddressInUse;
    }

    /// <summary>
    /// Asked with a datagram socket, which never reaches a server: "refused" then means that no socket is bound to the file (unix_find_bsd in net/unix/af_unix.c), in whichever network
    /// namespace; one of another type, whether it listens or not, answers "wrong type" (EPROTOTYPE). A stream socket would be refused in both cases.
    /// </summary>
    private static bool IsStale(Kernel kernel, string path, UnixDomainSocketEndPoint endPoint)
    {
        if (!kernel.FileIdentity(path, out FileIdentity identity).IsOk || !identity.IsSocket)
        {
            return false;
        }

        using FileDescriptor probe = new(kernel, kernel.DatagramSocket(SocketAddresses.Family(endPoint)).Value);
        return kernel.Connect(probe.Number, SocketAddresses.ToKernel(endPoint)).IsRefused;
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

using System.Net.Sockets;
using System.Runtime.InteropServices;
using static Tmds.Linux.LibC;

namespace Transport.Epoll.Native;

/// <summary>
/// What a system call returned: a value, or the errno of its failure. This is the one door to errno;
/// the floors above see states (would-block, reset, …) and exceptions.
/// </summary>
/// <remarks>Any thread: an immutable value.</remarks>
internal readonly struct SysResult
{
    private readonly int _value;

    private SysResult(int value) => _value = value;

    /// <summary>The value of a call that succeeded.</summary>
    public int Value => _value >= 0 ? _value : throw ToException();

    public bool IsOk => _value >= 0;

    /// <summary>The errno of a call that failed; 0 for one that succeeded.</summary>
    public int Errno => _value < 0 ? -_value : 0;

    public bool IsWouldBlock => _value == -EAGAIN;

    public bool IsInterrupted => _value == -EINTR;

    public bool IsReset => _value == -ECONNRESET || _value == -EPIPE;

    public bool IsAddressInUse => _value == -EADDRINUSE;

    public bool IsRefused => _value == -ECONNREFUSED;

    public bool IsInvalid => _value == -EINVAL;

    /// <summary>
    /// An accept that failed for a reason of that one connection: the errors of accept(2) that say "treat like EAGAIN", and a firewall's EPERM.
    /// </summary>
    public bool IsConnectionError => -_value is var errno
        && (errno == ECONNABORTED || errno == EPROTO || errno == EPERM || errno == ENETDOWN || errno == ENOPROTOOPT
            || errno == EHOSTDOWN || errno == ENONET || errno == EHOSTUNREACH || errno == EOPNOTSUPP || errno == ENETUNREACH
            || errno == ETIMEDOUT || errno == ECONNRESET);

    /// <summary>The process or the system is out of descriptors or memory: worth another try later.</summary>
    public bool IsExhausted => -_value is var errno && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);

    /// <summary>The call was made wrongly (EBADF, EINVAL, EFAULT): another try fails too.</summary>
    public bool IsDefect => -_value is var errno && (errno == EBADF || errno == EINVAL || errno == EFAULT);

    /// <summary>As if the process had reached its limit of open descriptors (EMFILE).</summary>
    public static SysResult TooManyOpenFiles => new(-EMFILE);

    /// <summary>As if another socket had the address (EADDRINUSE).</summary>
    public static SysResult AddressInUse => new(-EADDRINUSE);

    /// <summary>As if the descriptor were closed (EBADF).</summary>
    public static SysResult BadDescriptor => new(-EBADF);

    public static SysResult Ok(int value) => new(value);

    public static SysResult Failed(int errno) => new(-errno);

    /// <summary>Reads errno at once when <paramref name="returned"/> is −1, as the C library reports every failure.</summary>
    public static SysResult From(long returned) => returned >= 0 ? new((int)returned) : new(-errno);

    public SysResult ThrowIfFailed() => IsOk ? this : throw ToException();

    /// <summary>The system's message for the errno (strerror(3)).</summary>
    public string Message => Marshal.GetPInvokeErrorMessage(Errno);

    public SocketException ToException() => new((int)ToSocketError(Errno), Message);

    public override string ToString() => IsOk ? $"{_value}" : $"errno {Errno}";

    private static SocketError ToSocketError(int errno)
    {
        foreach ((int native, SocketError error) in Errors)
        {
            if (native == errno)
            {
                return error;
            }
        }

        return SocketError.SocketError;
    }

    private static readonly (int Errno, SocketError Error)[] Errors =
    [
        (EACCES, SocketError.AccessDenied),
        (EADDRINUSE, SocketError.AddressAlreadyInUse),
        (EADDRNOTAVAIL, SocketError.AddressNotAvailable),
        (EAFNOSUPPORT, SocketError.AddressFamilyNotSupported),
        (EAGAIN, SocketError.WouldBlock),
        (EBADF, SocketError.OperationAborted),
        (ECONNABORTED, SocketError.ConnectionAborted),
        (ECONNREFUSED, SocketError.ConnectionRefused),
        (ECONNRESET, SocketError.ConnectionReset),
        (EDESTADDRREQ, SocketError.DestinationAddressRequired),
        (EFAULT, SocketError.Fault),
        (EHOSTDOWN, SocketError.HostDown),
        (EHOSTUNREACH, SocketError.HostUnreachable),
        (EINTR, SocketError.Interrupted),
        (EINVAL, SocketError.InvalidArgument),
        (EISCONN, SocketError.IsConnected),
        (EMFILE, SocketError.TooManyOpenSockets),
        (EMSGSIZE, SocketError.MessageSize),
        (ENETDOWN, SocketError.NetworkDown),
        (ENETRESET, SocketError.NetworkReset),
        (ENETUNREACH, SocketError.NetworkUnreachable),
        (ENFILE, SocketError.TooManyOpenSockets),
        (ENOBUFS, SocketError.NoBufferSpaceAvailable),
        (ENOENT, SocketError.AddressNotAvailable),
        (ENOMEM, SocketError.NoBufferSpaceAvailable),
        (ENOPROTOOPT, SocketError.ProtocolOption),
        (ENOTCONN, SocketError.NotConnected),
        (ENOTSOCK, SocketError.NotSocket),
        (EOPNOTSUPP, SocketError.OperationNotSupported),
        (EPERM, SocketError.AccessDenied),
        (EPIPE, SocketError.Shutdown),
        (EPROTONOSUPPORT, SocketError.ProtocolNotSupported),
        (EPROTOTYPE, SocketError.ProtocolType),
        (ETIMEDOUT, SocketError.TimedOut),
    ];
}

using System.Net.Sockets;
using System.Runtime.InteropServices;
using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

public class SysResultTests
{
    [Theory]
    [InlineData(Errno.EACCES, SocketError.AccessDenied)]
    [InlineData(Errno.EPERM, SocketError.AccessDenied)]
    [InlineData(Errno.EADDRINUSE, SocketError.AddressAlreadyInUse)]
    [InlineData(99, SocketError.AddressNotAvailable)]
    [InlineData(Errno.ENOENT, SocketError.AddressNotAvailable)]
    [InlineData(97, SocketError.AddressFamilyNotSupported)]
    [InlineData(Errno.EAGAIN, SocketError.WouldBlock)]
    [InlineData(Errno.EBADF, SocketError.OperationAborted)]
    [InlineData(Errno.ECONNABORTED, SocketError.ConnectionAborted)]
    [InlineData(111, SocketError.ConnectionRefused)]
    [InlineData(Errno.ECONNRESET, SocketError.ConnectionReset)]
    [InlineData(89, SocketError.DestinationAddressRequired)]
    [InlineData(14, SocketError.Fault)]
    [InlineData(112, SocketError.HostDown)]
    [InlineData(Errno.EHOSTUNREACH, SocketError.HostUnreachable)]
    [InlineData(Errno.EINTR, SocketError.Interrupted)]
    [InlineData(Errno.EINVAL, SocketError.InvalidArgument)]
    [InlineData(106, SocketError.IsConnected)]
    [InlineData(Errno.EMFILE, SocketError.TooManyOpenSockets)]
    [InlineData(Errno.ENFILE, SocketError.TooManyOpenSockets)]
    [InlineData(90, SocketError.MessageSize)]
    [InlineData(100, SocketError.NetworkDown)]
    [InlineData(102, SocketError.NetworkReset)]
    [InlineData(Errno.ENETUNREACH, SocketError.NetworkUnreachable)]
    [InlineData(Errno.ENOBUFS, SocketError.NoBufferSpaceAvailable)]
    [InlineData(Errno.ENOMEM, SocketError.NoBufferSpaceAvailable)]
    [InlineData(92, SocketError.ProtocolOption)]
    [InlineData(107, SocketError.NotConnected)]
    [InlineData(88, SocketError.NotSocket)]
    [InlineData(95, SocketError.OperationNotSupported)]
    [InlineData(Errno.EPIPE, SocketError.Shutdown)]
    [InlineData(93, SocketError.ProtocolNotSupported)]
    [InlineData(91, SocketError.ProtocolType)]
    [InlineData(Errno.ETIMEDOUT, SocketError.TimedOut)]
    [InlineData(Errno.EROFS, SocketError.SocketError)]
    public void ToException_Errno_HasItsSocketError(int errno, SocketError expected)
        => Assert.Equal(expected, SysResult.Failed(errno).ToException().SocketErrorCode);

    [Theory]
    [InlineData(Errno.EACCES)]
    [InlineData(Errno.EADDRINUSE)]
    [InlineData(Errno.ECONNRESET)]
    [InlineData(Errno.EHOSTUNREACH)]
    [InlineData(Errno.ENETUNREACH)]
    [InlineData(Errno.ENOBUFS)]
    [InlineData(Errno.EPIPE)]
    [InlineData(Errno.ETIMEDOUT)]
    public void ToException_Errno_HasTheSystemsMessage(int errno)
        => Assert.Equal(Marshal.GetPInvokeErrorMessage(errno), SysResult.Failed(errno).ToException().Message);

    [Fact]
    public void Value_OfSuccess_IsWhatTheCallReturned()
    {
        SysResult result = SysResult.Ok(7);

        Assert.Equal((true, 7, 0), (result.IsOk, result.Value, result.Errno));
        Assert.Equal(result, result.ThrowIfFailed());
    }

    [Fact]
    public void Value_OfFailure_Throws()
    {
        SysResult result = SysResult.Failed(Errno.EMFILE);

        Assert.Equal((false, Errno.EMFILE), (result.IsOk, result.Errno));
        Assert.Throws<SocketException>(() => result.Value);
        Assert.Throws<SocketException>(() => result.ThrowIfFailed());
    }

    [Fact]
    public void From_FailedCall_ReadsErrno()
    {
        Assert.Equal(Errno.EBADF, Kernel.Linux.Close(-1).Errno);
        Assert.Equal(Errno.ENOENT, Kernel.Linux.Unlink("/nonexistent/file").Errno);
    }

    [Theory]
    [InlineData(Errno.ECONNRESET, true)]
    [InlineData(Errno.EPIPE, true)]
    [InlineData(Errno.ETIMEDOUT, false)]
    [InlineData(Errno.ECONNABORTED, false)]
    public void IsReset_Errno_OnlyForResets(int errno, bool expected) => Assert.Equal(expected, SysResult.Failed(errno).IsReset);

    [Theory]
    [InlineData(Errno.EMFILE)]
    [InlineData(Errno.ENFILE)]
    [InlineData(Errno.ENOBUFS)]
    [InlineData(Errno.ENOMEM)]
    public void IsExhausted_ResourceErrno_IsNoConnectionError(int errno)
    {
        SysResult result = SysResult.Failed(errno);

        Assert.True(result.IsExhausted);
        Assert.False(result.IsConnectionError);
    }

    [Fact]
    public void States_OfSuccess_AreAllFalse()
    {
        SysResult result = SysResult.Ok(0);

        Assert.False(result.IsWouldBlock || result.IsInterrupted || result.IsReset || result.IsAddressInUse
            || result.IsRefused || result.IsInvalid || result.IsConnectionError || result.IsExhausted);
    }
}

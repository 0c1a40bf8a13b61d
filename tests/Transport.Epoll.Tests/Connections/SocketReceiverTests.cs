using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections;

public class SocketReceiverTests
{
    [Fact]
    public async Task Receive_Interrupted_TriesAgain()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.OnReceive.Fail(Errno.EINTR, Errno.EINTR, Errno.EINTR);

        await harness.AssertWorksAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receive_WouldBlockThenAnEdge_GoesOn(bool unix)
    {
        await using ConnectionHarness harness = unix ? ConnectionHarness.Unix() : ConnectionHarness.Tcp();
        TaskCompletionSource blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        harness.Kernel.OnReceive.Before = () => blocked.TrySetResult();
        harness.Kernel.OnReceive.Fail(Errno.EAGAIN);
        await harness.Client.SendAsync(new byte[] { 1 }).WithTimeout();
        await blocked.Task.WithTimeout();
        await harness.Test.PassTwoTurnsAsync();

        await harness.Client.SendAsync(new byte[] { 2 }).WithTimeout();

        Assert.Equal([1, 2], await harness.ReadAsync(2));
    }

    [Fact]
    public async Task Receive_EdgeDuringACallThatWouldBlock_IsNotLost()
    {
        // The peer's bytes and their edge come while the loop is in a receive that finds nothing.
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.OnReceive.Fail(Errno.EAGAIN);
        harness.Kernel.OnReceive.Before = () =>
        {
            harness.Kernel.OnReceive.Before = null;
            harness.Client.Send([2]);
        };

        await harness.Client.SendAsync(new byte[] { 1 }).WithTimeout();

        Assert.Equal([1, 2], await harness.ReadAsync(2));
    }

    [Fact]
    public async Task Receive_OneByteAtATimeFromUnixSocket_DeliversAll()
    {
        await using ConnectionHarness harness = ConnectionHarness.Unix();
        harness.Kernel.ReceiveLimit = 1;
        byte[] data = [.. Enumerable.Range(0, 3000).Select(i => (byte)i)];

        await harness.Client.SendAsync(data).WithTimeout();

        Assert.Equal(data, await harness.ReadAsync(data.Length));
    }

    [Fact]
    public async Task Receive_ShortReadsBeforeFin_DeliversAllThenCompletes()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.ReceiveLimit = 1;
        byte[] data = [.. Enumerable.Range(0, 500).Select(i => (byte)i)];
        using ManualResetEventSlim gate = await harness.Test.HoldAsync();
        await harness.Client.SendAsync(data).WithTimeout();
        harness.Client.Shutdown(SocketShutdown.Send);
        gate.Set();

        Assert.Equal(data, await harness.ReadAsync(data.Length));
        ReadResult end = await harness.Input.ReadAsync().WithTimeout();
        Assert.True(end.IsCompleted);
        await harness.Connection.ConnectionClosed.WithTimeout();
    }

    [Fact]
    public async Task Receive_MoreThanOneTurnsShare_DeliversAll()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        byte[] data = new byte[3 * 1024 * 1024];
        new Random(1).NextBytes(data);
        Task<int> sending = harness.Client.SendAsync(data).WithTimeout();

        Assert.Equal(data, await harness.ReadAsync(data.Length));
        Assert.Equal(data.Length, await sending);
    }

    [Fact]
    public async Task Receive_ReaderPausesAndResumes_DeliversAll()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp(maxReadBufferSize: 8192);
        byte[] data = new byte[256 * 1024];
        new Random(2).NextBytes(data);
        Task<int> sending = harness.Client.SendAsync(data).WithTimeout();
        List<byte> received = [];
        while (received.Count < data.Length)
        {
            ReadResult read = await harness.Input.ReadAsync().WithTimeout();
            received.AddRange(read.Buffer.ToArray());
            await harness.Test.PassTwoTurnsAsync(); // the receiver meets the limit before the bytes are taken
            harness.Input.AdvanceTo(read.Buffer.End);
        }

        Assert.Equal(data, received);
        await sending;
        Assert.Contains(harness.Logs, log => log.Id.Id == 4);
        Assert.Contains(harness.Logs, log => log.Id.Id == 5);
    }

    [Theory]
    [InlineData(Errno.ECONNRESET)]
    [InlineData(Errno.EPIPE)]
    public async Task Receive_Reset_GivesTheReaderAConnectionResetException(int errno)
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();

        Exception exception = await FailNextReceiveAsync<ConnectionResetException>(harness, errno);

        Assert.Equal(Marshal.GetPInvokeErrorMessage(errno), exception.Message);
        Assert.IsType<SocketException>(exception.InnerException);
        await harness.Connection.ConnectionClosed.WithTimeout();
        Assert.Single(harness.Logs, log => log.Id.Id == 19);
        Assert.DoesNotContain(harness.Logs, log => log.Id.Id == 14);
    }

    [Theory]
    [InlineData(Errno.ETIMEDOUT)]
    [InlineData(Errno.EHOSTUNREACH)]
    [InlineData(Errno.ENETUNREACH)]
    [InlineData(Errno.ENOBUFS)]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EBADF)]
    [InlineData(Errno.ECONNABORTED)]
    [InlineData(Errno.EPERM)]
    public async Task Receive_OtherError_GivesTheReaderAnIOException(int errno)
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();

        Exception exception = await FailNextReceiveAsync<IOException>(harness, errno);

        Assert.IsType<SocketException>(exception.InnerException);
        await harness.Connection.ConnectionClosed.WithTimeout();
        Assert.Single(harness.Logs, log => log.Id.Id == 14);
    }

    [Fact]
    public async Task Receive_PeerResets_GivesTheReaderAConnectionResetException()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Client.LingerState = new LingerOption(true, 0);

        harness.Client.Close();

        await Assert.ThrowsAsync<ConnectionResetException>(() => harness.Input.ReadAsync().WithTimeout());
    }

    [Fact]
    public async Task Receive_ASendHasTakenTheResetsError_WaitsForItsReason()
    {
        // A send in place has met the reset, and taken its error, but not said so yet; the loop's receive finds an end.
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Output.WriteAsync(new byte[32 * 1024]).WithTimeout(); // large: the next one is sent by the thread that flushes
        await harness.ReceiveAsync(32 * 1024);
        harness.Kernel.OnSend.Fail(Errno.ECONNRESET);
        harness.Kernel.OnSend.Before = () =>
        {
            harness.Kernel.OnSend.Before = null;
            int calls = harness.Kernel.OnReceive.Calls;
            harness.Client.Shutdown(SocketShutdown.Send);
            SpinWait.SpinUntil(() => harness.Kernel.OnReceive.Calls >= calls + 2, Waiting.Limit);
        };

        await Task.Run(async () => await harness.Output.WriteAsync(new byte[1])).WithTimeout(2 * Waiting.Limit);

        await Assert.ThrowsAsync<ConnectionResetException>(() => harness.Input.ReadAsync().WithTimeout());
    }

    [Fact]
    public async Task Receive_BytesThenError_DeliversTheBytesFirst()
    {
        await using ConnectionHarness harness = ConnectionHarness.Unix();
        harness.Kernel.ReceiveLimit = 2;
        await harness.Client.SendAsync(new byte[] { 1, 2 }).WithTimeout();
        Assert.Equal([1, 2], await harness.ReadAsync(2));

        await FailNextReceiveAsync<IOException>(harness, Errno.ETIMEDOUT);
    }

    [Fact]
    public async Task Receive_ReaderCompletes_StopsQuietly()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Input.CompleteAsync();

        await harness.Client.SendAsync(new byte[] { 1 }).WithTimeout();

        await harness.Connection.ConnectionClosed.WithTimeout();
        Assert.DoesNotContain(harness.Logs, log => log.Id.Id is 14 or 19);
    }

    private static async Task<TException> FailNextReceiveAsync<TException>(ConnectionHarness harness, int errno)
        where TException : Exception
    {
        harness.Kernel.OnReceive.FailAlways(errno);
        await harness.Client.SendAsync(new byte[] { 9 }).WithTimeout();
        return await Assert.ThrowsAsync<TException>(() => harness.Input.ReadAsync().WithTimeout());
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections;

public class SocketSenderTests
{
    [Fact]
    public async Task Send_Interrupted_TriesAgain()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.OnSend.Fail(Errno.EINTR, Errno.EINTR);

        await harness.AssertWorksAsync();
    }

    [Theory]
    [InlineData(1, 3000)]
    [InlineData(1, 9000)]
    [InlineData(4095, 100_000)]
    [InlineData(4096, 100_000)]
    [InlineData(4097, 100_000)]
    public async Task Send_Partial_SendsTheRestInOrder(int limit, int count)
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.SendLimit = limit;
        byte[] data = RandomBytes(count);

        await harness.Output.WriteAsync(data).WithTimeout();

        Assert.Equal(data, await harness.ReceiveAsync(count));
    }

    [Fact]
    public async Task Send_WouldBlockThenAnEdge_GoesOn()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        TaskCompletionSource blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        harness.Kernel.OnSend.Before = () => blocked.TrySetResult();
        harness.Kernel.OnSend.Fail(Errno.EAGAIN);
        await harness.Output.WriteAsync(new byte[] { 1, 2 }).WithTimeout();
        await blocked.Task.WithTimeout();
        await harness.Test.PassTwoTurnsAsync();
        Assert.Equal(1, harness.Kernel.OnSend.Calls);

        await harness.InjectAsync(new EpollEvent(EpollEvents.Out, harness.Token));

        Assert.Equal([1, 2], await harness.ReceiveAsync(2));
    }

    [Fact]
    public async Task Send_EdgeDuringACallThatWouldBlock_IsNotLost()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        harness.Kernel.OnSend.Fail(Errno.EAGAIN);
        int calls = 0;
        harness.Kernel.OnSend.Before = () =>
        {
            if (calls++ == 0 && !harness.Test.Loop.IsRunningHere)
            {
                // The sender runs on this foreign thread; the loop handles the edge before the call returns.
                harness.InjectAsync(new EpollEvent(EpollEvents.Out, harness.Token)).WithTimeout().GetAwaiter().GetResult();
            }
            else if (calls == 1)
            {
                harness.Connection.OnEvents(EpollEvents.Out);
            }
        };

        await Task.Run(() => harness.Output.WriteAsync(new byte[] { 1, 2 }).AsTask()).WithTimeout();

        Assert.Equal([1, 2], await harness.ReceiveAsync(2));
        Assert.Equal(0, harness.Test.Loop.Counters.Shared.PausedWriters);
    }

    [Fact]
    public async Task Send_WouldBlockOnUnixSocket_AsksForRoom()
    {
        await using ConnectionHarness harness = ConnectionHarness.Unix();
        await harness.Test.PassTwoTurnsAsync();
        harness.Kernel.OnSend.Fail(Errno.EAGAIN, Errno.EAGAIN, Errno.EAGAIN);

        await harness.Output.WriteAsync(new byte[] { 1, 2 }).WithTimeout();

        Assert.Equal([1, 2], await harness.ReceiveAsync(2));
        Assert.Equal(4, harness.Kernel.OnSend.Calls);
    }

    [Theory]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EBADF)]
    public async Task Send_RoomCannotBeAskedFor_EndsTheConnection(int errno)
    {
        // No event would ever come: without an end, writer and peer would wait for ever.
        await using ConnectionHarness harness = ConnectionHarness.Unix();
        await harness.Test.PassTwoTurnsAsync();
        harness.Kernel.OnEpollModify.FailAlways(errno);
        harness.Kernel.OnSend.Fail(Errno.EAGAIN);

        await harness.Output.WriteAsync(new byte[] { 1, 2 }).WithTimeout();

        await harness.Connection.ConnectionClosed.WithTimeout();
        Assert.Equal(0, await harness.Client.ReceiveAsync(new byte[1]).WithTimeout());
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => harness.Input.ReadAsync().WithTimeout());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Send_PeerReadsLate_SendsAll(bool unix)
    {
        await using ConnectionHarness harness = unix ? ConnectionHarness.Unix() : ConnectionHarness.Tcp();
        byte[] data = RandomBytes(24 * 1024 * 1024);
        await harness.Output.WriteAsync(data).WithTimeout();
        await harness.Test.PassTwoTurnsAsync();

        Assert.Equal(data, await harness.ReceiveAsync(data.Length));
    }

    [Theory]
    [InlineData(Errno.ENOBUFS)]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.ETIMEDOUT)]
    [InlineData(Errno.EHOSTUNREACH)]
    [InlineData(Errno.ECONNABORTED)]
    [InlineData(Errno.EPERM)] // a firewall's
    public async Task Send_OtherError_GivesReaderAndWriterAnIOException(int errno)
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.OnSend.FailAlways(errno);

        await WriteUntilClosedAsync(harness);

        IOException written = await Assert.ThrowsAsync<IOException>(() => harness.Output.WriteAsync(new byte[1]).WithTimeout());
        IOException read = await Assert.ThrowsAsync<IOException>(() => harness.Input.ReadAsync().WithTimeout());
        Assert.Same(written, read);
        Assert.IsType<SocketException>(read.InnerException);
        Assert.Contains(harness.Logs, log => log.Id.Id == 14);
    }

    [Theory]
    [InlineData(Errno.ECONNRESET)]
    [InlineData(Errno.EPIPE)]
    public async Task Send_Reset_TellsTheWriterThatItIsCompleted(int errno)
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.OnSend.FailAlways(errno);

        await WriteUntilClosedAsync(harness);

        FlushResult flushed = await harness.Output.WriteAsync(new byte[1]).WithTimeout();
        Assert.True(flushed.IsCompleted);
        await Assert.ThrowsAsync<ConnectionResetException>(() => harness.Input.ReadAsync().WithTimeout());
        Assert.Contains(harness.Logs, log => log.Id.Id == 19);
        Assert.DoesNotContain(harness.Logs, log => log.Id.Id == 14);
    }

    [Fact]
    public async Task Send_OutputCompleted_SendsAllThenFin()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        byte[] data = RandomBytes(300_000);
        harness.Output.Write(data);

        await harness.Output.CompleteAsync();

        Assert.Equal(data, await harness.ReceiveAsync(data.Length));
        Assert.Equal(0, await harness.Client.ReceiveAsync(new byte[1]).WithTimeout());
    }

    [Fact]
    public async Task Send_OutputCompletedWithError_ResetsThePeer()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();

        await harness.Output.CompleteAsync(new InvalidOperationException("the application failed"));

        SocketException exception = await Assert.ThrowsAsync<SocketException>(() => harness.Client.ReceiveAsync(new byte[1]).WithTimeout());
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
    }

    private static async Task WriteUntilClosedAsync(ConnectionHarness harness)
    {
        await harness.Output.WriteAsync(new byte[] { 1 }).WithTimeout();
        await harness.Connection.ConnectionClosed.WithTimeout();

        // The receive pump's end fires the token; the sender's own end, which the writer sees, may still be on its way.
        await Waiting.UntilAsync(() => harness.DescriptorsClosed == 1);
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] data = new byte[count];
        new Random(count).NextBytes(data);
        return data;
    }
}

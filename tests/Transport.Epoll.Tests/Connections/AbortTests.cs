using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections;

public class AbortTests
{
    [Fact]
    public async Task Abort_FromEightThreads_TheFirstReasonWins()
    {
        for (int round = 0; round < 25; round++)
        {
            await using ConnectionHarness harness = ConnectionHarness.Tcp();
            ConnectionAbortedException[] reasons = [.. Enumerable.Range(0, 8).Select(i => new ConnectionAbortedException($"reason {i}"))];

            await TogetherAsync(8, i => harness.Connection.Abort(reasons[i]));

            ConnectionAbortedException seen = await Assert.ThrowsAsync<ConnectionAbortedException>(() => harness.Input.ReadAsync().WithTimeout());
            Assert.Contains(seen, reasons);
            Assert.Same(harness.Connection.ShutdownReason, seen);
            Assert.Equal(1, harness.Kernel.OnConnect.Calls);
            Assert.Equal(0, harness.Kernel.OnShutdown.Calls);
            await harness.Connection.ConnectionClosed.WithTimeout();
        }
    }

    [Fact]
    public async Task Abort_OvertakenByAnotherBeforeItsReset_StillResetsThePeer()
    {
        // The first reason is published; before its thread reaches the socket, another abort ends both pumps.
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        int hooks = 0;
        harness.Kernel.OnConnect.Before = () =>
        {
            if (Interlocked.Increment(ref hooks) == 1)
            {
                harness.Connection.Abort(new ConnectionAbortedException("second"));
                using ManualResetEventSlim passed = new();
                harness.Test.Loop.Post(_ => harness.Test.Loop.Post(_ => passed.Set(), null), null);
                passed.Wait(Waiting.Limit);
            }
        };

        await TogetherAsync(1, _ => harness.Connection.Abort(new ConnectionAbortedException("first")));

        SocketException exception = await Assert.ThrowsAsync<SocketException>(() => harness.Client.ReceiveAsync(new byte[1]).WithTimeout());
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        Assert.Equal("first", harness.Connection.ShutdownReason!.Message);
    }

    [Fact]
    public async Task Abort_TwiceInOrder_KeepsTheFirstReason()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        ConnectionAbortedException first = new("first");

        harness.Connection.Abort(first);
        harness.Connection.Abort(new ConnectionAbortedException("second"));

        Assert.Same(first, await Assert.ThrowsAsync<ConnectionAbortedException>(() => harness.Input.ReadAsync().WithTimeout()));
    }

    [Fact]
    public async Task Abort_WhileASendIsReset_OneReasonWins()
    {
        // The send has failed in the kernel; before the sender can say so, another thread aborts.
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        ConnectionAbortedException reason = new("first");
        harness.Kernel.OnSend.FailAlways(Errno.ECONNRESET);
        harness.Kernel.OnSend.Before = () => harness.Connection.Abort(reason);

        await harness.Output.WriteAsync(new byte[1]).WithTimeout();

        Assert.Same(reason, await Assert.ThrowsAsync<ConnectionAbortedException>(() => harness.Input.ReadAsync().WithTimeout()));
        Assert.DoesNotContain(harness.Logs, log => log.Id.Id is 19 or 14);
    }

    [Fact]
    public async Task Abort_WhileAReceiveIsReset_TheReaderSeesTheAbort()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        ConnectionAbortedException reason = new("first");
        harness.Kernel.OnReceive.FailAlways(Errno.ECONNRESET);
        harness.Kernel.OnReceive.Before = () => harness.Connection.Abort(reason);

        await harness.Client.SendAsync(new byte[1]).WithTimeout();

        Assert.Same(reason, await Assert.ThrowsAsync<ConnectionAbortedException>(() => harness.Input.ReadAsync().WithTimeout()));
        Assert.DoesNotContain(harness.Logs, log => log.Id.Id == 19);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Abort_WithReason_EndsThePeer(bool unix)
    {
        await using ConnectionHarness harness = unix ? ConnectionHarness.Unix() : ConnectionHarness.Tcp();

        harness.Connection.Abort(new ConnectionAbortedException("reason"));

        if (unix)
        {
            Assert.Equal(0, await harness.Client.ReceiveAsync(new byte[1]).WithTimeout());
        }
        else
        {
            SocketException exception = await Assert.ThrowsAsync<SocketException>(() => harness.Client.ReceiveAsync(new byte[1]).WithTimeout());
            Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        }
    }

    [Theory]
    [InlineData(Errno.EOPNOTSUPP, false)]
    [InlineData(Errno.EOPNOTSUPP, true)]
    [InlineData(Errno.EINVAL, false)]
    public async Task Abort_KernelWontDissolveTheConnection_ResetsAllTheSame(int errno, bool sending)
    {
        // As in gVisor. The peer reads part of an answer, and then must not see an end of stream before the reset.
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.OnConnect.Fail(errno);
        await harness.Output.WriteAsync(new byte[sending ? 24 * 1024 * 1024 : 1]).WithTimeout();
        await harness.ReceiveAsync(1);
        await harness.Test.PassTwoTurnsAsync();

        harness.Connection.Abort(new ConnectionAbortedException("reason"));

        Assert.Equal(0, harness.Kernel.OnShutdown.Calls);
        await harness.Connection.DisposeAsync().WithTimeout(); // a sender that waits for room ends, too
        SocketException exception = await Assert.ThrowsAsync<SocketException>(() => DrainAsync(harness.Client));
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        Assert.Single(harness.Logs, log => log.Id.Id == 8);
        Assert.DoesNotContain(harness.Logs, log => log.Id.Id == 7);
    }

    [Fact]
    public async Task Abort_KernelKnowsNoReset_ShutsDownAndSaysSo()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Kernel.OnConnect.Fail(Errno.EOPNOTSUPP);
        harness.Kernel.OnSetLinger.Fail(Errno.EOPNOTSUPP);

        harness.Connection.Abort(new ConnectionAbortedException("reason"));

        Assert.Equal(0, await harness.Client.ReceiveAsync(new byte[1]).WithTimeout());
        await harness.Connection.ConnectionClosed.WithTimeout();
        Assert.Single(harness.Logs, log => log.Id.Id == 7);
        Assert.DoesNotContain(harness.Logs, log => log.Id.Id == 8);
    }

    [Fact]
    public async Task Abort_BeforeStart_EndsTheConnection()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp(start: false);
        harness.Connection.Abort(new ConnectionAbortedException("early"));

        harness.Connection.Start();

        await harness.Connection.ConnectionClosed.WithTimeout();
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => harness.Input.ReadAsync().WithTimeout());
    }

    [Fact]
    public async Task Abort_WhileTheReceiverIsPaused_EndsIt()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp(maxReadBufferSize: 1024);
        await harness.Client.SendAsync(new byte[64 * 1024]).WithTimeout();
        await Waiting.UntilAsync(() => harness.Logs.Any(log => log.Id.Id == 4));

        harness.Connection.Abort(new ConnectionAbortedException("reason"));

        await harness.Connection.ConnectionClosed.WithTimeout();
    }

    [Fact]
    public async Task Abort_WhileASendWaitsForRoom_EndsIt()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Output.WriteAsync(new byte[24 * 1024 * 1024]).WithTimeout();
        await harness.Test.PassTwoTurnsAsync();

        harness.Connection.Abort(new ConnectionAbortedException("reason"));

        await harness.Connection.ConnectionClosed.WithTimeout();
        await harness.Connection.DisposeAsync().WithTimeout();
    }

    [Fact]
    public async Task Abort_InAConnectionClosedCallback_IsHarmless()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        using CancellationTokenRegistration registration = harness.Connection.ConnectionClosed.Register(harness.Connection.Abort);

        harness.Client.Shutdown(SocketShutdown.Send);

        await harness.Connection.ConnectionClosed.WithTimeout();
        await harness.Connection.DisposeAsync().WithTimeout();
    }

    [Fact]
    public async Task Abort_AfterDispose_TouchesNoDescriptor()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Connection.DisposeAsync().WithTimeout();
        int shutdowns = harness.Kernel.OnShutdown.Calls;

        harness.Connection.Abort(new ConnectionAbortedException("late"));
        harness.Connection.Abort();

        Assert.Equal((0, shutdowns), (harness.Kernel.OnConnect.Calls, harness.Kernel.OnShutdown.Calls));
    }

    private static async Task DrainAsync(Socket socket)
    {
        while (await socket.ReceiveAsync(new byte[64 * 1024]).WithTimeout() > 0)
        {
        }
    }

    internal static async Task TogetherAsync(int count, Action<int> action)
    {
        using Barrier together = new(count);
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait(Waiting.Limit);
            action(i);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).WithTimeout();
    }
}

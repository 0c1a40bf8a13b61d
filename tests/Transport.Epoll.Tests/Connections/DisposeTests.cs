using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections;

public class DisposeTests
{
    [Fact]
    public async Task DisposeAsync_FromEightThreads_EndsOnce()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        Task[] disposals = new Task[8];

        await AbortTests.TogetherAsync(8, i => disposals[i] = harness.Connection.DisposeAsync().AsTask());

        await Task.WhenAll(disposals).WithTimeout();
        Assert.Equal((1, 1, 1), (harness.Disposals, harness.DescriptorsClosed, harness.FirstReads));
    }

    [Fact]
    public async Task DisposeAsync_Idle_SendsFinAndClosesBeforeItTellsTheOwner()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();

        await harness.Connection.DisposeAsync().WithTimeout();

        Assert.Equal(0, await harness.Client.ReceiveAsync(new byte[1]).WithTimeout());
        Assert.Equal(["closed", "disposed"], harness.Order);
        Assert.True(harness.Connection.Descriptor.IsClosed);
    }

    [Fact]
    public async Task DisposeAsync_OutputNotFlushed_SendsWhatIsLeft()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        harness.Output.Write(new byte[] { 1, 2 });

        await harness.Connection.DisposeAsync().WithTimeout();

        Assert.Equal([1, 2], await harness.ReceiveAsync(2));
    }

    [Fact]
    public async Task DisposeAsync_WhileTheReceiverIsPaused_Ends()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp(maxReadBufferSize: 1024);
        await harness.Client.SendAsync(new byte[64 * 1024]).WithTimeout();
        await Waiting.UntilAsync(() => harness.Logs.Any(log => log.Id.Id == 4));

        await harness.Connection.DisposeAsync().WithTimeout();
    }

    [Fact]
    public async Task DisposeAsync_WhileASendWaitsForRoom_EndsWithAnAbort()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Output.WriteAsync(new byte[24 * 1024 * 1024]).WithTimeout();
        Task disposed = harness.Connection.DisposeAsync().AsTask();
        await harness.Test.PassTwoTurnsAsync();
        Assert.False(disposed.IsCompleted);

        harness.Connection.Abort(new ConnectionAbortedException("enough"));

        await disposed.WithTimeout();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DisposeAsync_DuringEverything_AlwaysEnds(bool inline)
    {
        for (int round = 0; round < 25; round++)
        {
            await using ConnectionHarness harness = ConnectionHarness.Tcp(inline, maxReadBufferSize: 4096, maxWriteBufferSize: 4096);
            Task? disposed = null;

            await harness.Output.WriteAsync(new byte[2000]).WithTimeout();
            await AbortTests.TogetherAsync(5, i =>
            {
                switch (i)
                {
                    case 0: Attempt(() => harness.Client.Send(new byte[20_000])); break;
                    case 1: Attempt(() => harness.Client.Shutdown(SocketShutdown.Send)); break;
                    case 2: harness.Connection.Abort(); break;
                    case 3: disposed = harness.Connection.DisposeAsync().AsTask(); break;
                    default: harness.Connection.Abort(new ConnectionAbortedException("reason")); break;
                }
            });

            await disposed!.WithTimeout();
            Assert.Equal((1, 1), (harness.Disposals, harness.DescriptorsClosed));
        }
    }

    [Fact]
    public async Task ConnectionClosed_CallbackThrows_TheConnectionStillEnds()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        using CancellationTokenRegistration registration = harness.Connection.ConnectionClosed.Register(() => throw new InvalidOperationException("from a callback"));

        await harness.Connection.DisposeAsync().WithTimeout();

        Assert.Single(harness.Logs, log => log.Id.Id == 31);
    }

    [Fact]
    public async Task ApplicationItem_Throws_CostsItsConnectionOnly()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp(inline: true);
        (ConnectionContext other, Socket otherClient) = harness.Add();

        harness.Test.Loop.Post(_ => throw new InvalidOperationException("from the application"), null, harness.Connection);
        await harness.Connection.ConnectionClosed.WithTimeout();

        await otherClient.SendAsync(new byte[] { 7 }).WithTimeout();
        ReadResult read = await other.Transport.Input.ReadAsync().WithTimeout();
        Assert.Equal(1, read.Buffer.Length);
        other.Transport.Input.AdvanceTo(read.Buffer.End);
    }

    [Fact]
    public async Task Socket_AfterDispose_IsGone()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        Socket socket = harness.Connection.Socket;
        Assert.Equal(harness.Client.LocalEndPoint, socket.RemoteEndPoint);
        Assert.Same(socket, harness.Connection.Socket);

        await harness.Connection.DisposeAsync().WithTimeout();

        Assert.Throws<ObjectDisposedException>(() => socket.Send([1]));
    }

    /// <summary>The peer may have been reset already.</summary>
    private static void Attempt(Action action)
    {
        try
        {
            action();
        }
        catch (SocketException)
        {
        }
    }
}

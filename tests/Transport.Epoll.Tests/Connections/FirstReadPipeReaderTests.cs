using System.Buffers;
using System.IO.Pipelines;
using Transport.Epoll.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections;

public class FirstReadPipeReaderTests
{
    private readonly Pipe _pipe = new();

    [Fact]
    public async Task AdvanceTo_NothingConsumed_SaysNothing()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        FirstReadPipeReader reader = new(_pipe.Reader, harness.Connection);
        await _pipe.Writer.WriteAsync(new byte[10]).WithTimeout();
        ReadResult read = await reader.ReadAsync().WithTimeout();

        reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);

        Assert.Equal(0, harness.FirstReads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task AdvanceTo_SomethingConsumed_SaysSoOnce(int consumed)
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        FirstReadPipeReader reader = new(_pipe.Reader, harness.Connection);
        await _pipe.Writer.WriteAsync(new byte[10]).WithTimeout();
        ReadResult read = await reader.ReadAsync().WithTimeout();

        reader.AdvanceTo(read.Buffer.GetPosition(consumed));
        await _pipe.Writer.WriteAsync(new byte[10]).WithTimeout();
        read = await reader.ReadAsync().WithTimeout();
        reader.AdvanceTo(read.Buffer.End);
        await reader.CompleteAsync();

        Assert.Equal(1, harness.FirstReads);
    }

    [Fact]
    public async Task Complete_NothingConsumed_SaysSoOnce()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        FirstReadPipeReader reader = new(_pipe.Reader, harness.Connection);

        await reader.CompleteAsync();
        await reader.CompleteAsync();

        Assert.Equal(1, harness.FirstReads);
    }

    [Fact]
    public async Task AdvanceTo_WholeFirstSegmentConsumed_SaysSo()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        FirstReadPipeReader reader = new(_pipe.Reader, harness.Connection);
        int segment = _pipe.Writer.GetMemory(1).Length;
        _pipe.Writer.Write(new byte[segment + 100]);
        await _pipe.Writer.FlushAsync().WithTimeout();
        ReadResult read = await reader.ReadAsync().WithTimeout();

        reader.AdvanceTo(read.Buffer.GetPosition(segment));
        Assert.True(reader.TryRead(out read));
        reader.AdvanceTo(read.Buffer.GetPosition(1));

        Assert.Equal(1, harness.FirstReads);
    }

    [Fact]
    public async Task CancelPendingRead_WhileReading_CancelsThatRead()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        FirstReadPipeReader reader = new(_pipe.Reader, harness.Connection);
        Task<ReadResult> read = reader.ReadAsync().AsTask();

        reader.CancelPendingRead();

        Assert.True((await read.WithTimeout()).IsCanceled);
        Assert.Equal(0, harness.FirstReads);
    }

    [Fact]
    public async Task CopyToAsync_ThroughTheConnection_SaysSoOnce()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Client.SendAsync(new byte[100]).WithTimeout();
        harness.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        using MemoryStream copy = new();

        await harness.Input.CopyToAsync(copy).WithTimeout();

        Assert.Equal(100, copy.Length);
        Assert.Equal(1, harness.FirstReads);
    }
}

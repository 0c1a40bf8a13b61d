using System.Buffers;
using System.IO.Pipelines;
using Transport.Epoll.Https;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>The stream between SslStream and the transport's pipes.</summary>
public sealed class TransportStreamTests : IDisposable
{
    private readonly Pipe _input = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly TransportStream _stream;

    public TransportStreamTests() => _stream = new TransportStream(new Ends(_input.Reader, _output.Writer));

    public void Dispose() => _stream.Dispose();

    [Fact]
    public async Task WriteAsync_WithoutAFlush_IsNotSentUntilTheNext()
    {
        await _stream.WriteAsync(new byte[1000]).WithTimeout();
        await _stream.WriteAsync(new byte[1000]).WithTimeout();
        Assert.False(_output.Reader.TryRead(out _));

        await _stream.FlushAsync().WithTimeout();

        Assert.True(_output.Reader.TryRead(out var result));
        Assert.Equal(2000, result.Buffer.Length);
    }

    [Fact]
    public async Task WriteAsync_MuchHasCollected_IsSent()
    {
        for (var i = 0; i < 4; i++)
        {
            Assert.False(_output.Reader.TryRead(out _));
            await _stream.WriteAsync(new byte[16 * 1024]).WithTimeout();
        }

        Assert.True(_output.Reader.TryRead(out var result));
        Assert.Equal(64 * 1024, result.Buffer.Length);
    }

    /// <summary>A pipe knows one flush at a time: a second one beside it would end the connection.</summary>
    [Fact]
    public async Task Write_Synchronous_IsSentAtOnceAndWaitsForRoom()
    {
        Pipe full = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        await using TransportStream stream = new(new Ends(_input.Reader, full.Writer));

        var writes = Task.Run(() =>
        {
            stream.Write([1, 2, 3]);
            stream.Write([4]);
        });

        foreach (var expected in new byte[][] { [1, 2, 3], [4] })
        {
            var result = await full.Reader.ReadAsync().WithTimeout();
            Assert.Equal(expected, result.Buffer.ToArray());
            full.Reader.AdvanceTo(result.Buffer.End);
        }

        await writes.WithTimeout();
    }

    /// <summary>The pipe commits what was written before it looks at the token, and wakes nobody.</summary>
    [Fact]
    public async Task FlushAsync_CancelledBefore_IsSentByTheNext()
    {
        await _stream.WriteAsync(new byte[10]).WithTimeout();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _stream.FlushAsync(new CancellationToken(canceled: true)).WithTimeout());
        var read = _output.Reader.ReadAsync().AsTask();

        await _stream.FlushAsync().WithTimeout();

        Assert.Equal(10, (await read.WithTimeout()).Buffer.Length);
    }

    [Fact]
    public async Task WriteAsync_NobodyTakesIt_Waits()
    {
        Pipe full = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        await using TransportStream stream = new(new Ends(_input.Reader, full.Writer));
        await stream.WriteAsync(new byte[10]).WithTimeout();

        var flush = stream.FlushAsync();

        Assert.False(flush.IsCompleted);
        var result = await full.Reader.ReadAsync().WithTimeout();
        full.Reader.AdvanceTo(result.Buffer.End);
        await flush.WithTimeout();
    }

    [Fact]
    public async Task ReadAsync_NothingAskedFor_WaitsForBytesAndTakesNone()
    {
        var waiting = _stream.ReadAsync(Memory<byte>.Empty).AsTask();
        Assert.False(waiting.IsCompleted);

        await _input.Writer.WriteAsync(new byte[] { 1, 2, 3 });

        Assert.Equal(0, await waiting.WithTimeout());
        Assert.Equal(0, await _stream.ReadAsync(Memory<byte>.Empty).WithTimeout()); // still there
        var buffer = new byte[2];
        Assert.Equal(2, await _stream.ReadAsync(buffer).WithTimeout());
        Assert.Equal([1, 2], buffer);
        Assert.Equal(1, await _stream.ReadAsync(buffer).WithTimeout());
        Assert.Equal(3, buffer[0]);
    }

    [Fact]
    public async Task ReadAsync_TheEnd_IsZero()
    {
        await _input.Writer.WriteAsync(new byte[] { 1 });
        await _input.Writer.CompleteAsync();

        Assert.Equal(1, await _stream.ReadAsync(new byte[10]).WithTimeout());
        Assert.Equal(0, await _stream.ReadAsync(new byte[10]).WithTimeout());
    }

    [Fact]
    public async Task ReadAsync_Cancelled_ThrowsAndLosesNothing()
    {
        using CancellationTokenSource cancellation = new();
        var read = _stream.ReadAsync(new byte[10], cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WithTimeout());

        await _input.Writer.WriteAsync(new byte[] { 1 });

        Assert.Equal(1, await _stream.ReadAsync(new byte[10]).WithTimeout());
    }

    [Fact]
    public void Schedule_OneFlushForEachReceive_EncryptsInPlace()
    {
        RecordScheduler records = new();
        var ran = 0;
        for (var i = 0; i < 100; i++)
        {
            records.OnReceived();
            records.Schedule(_ => ran++, null);
            Assert.Equal(i + 1, ran);
        }
    }

    [Fact]
    public async Task Schedule_ManyFlushesForEachReceive_WaitsInThePool()
    {
        RecordScheduler records = new();
        for (var i = 0; i < 8; i++)
        {
            records.Schedule(static _ => { }, null);
            records.Schedule(static _ => { }, null);
            records.OnReceived();
        }

        var here = Environment.CurrentManagedThreadId;
        var isScheduling = true;
        TaskCompletionSource<bool> elsewhere = new(TaskCreationOptions.RunContinuationsAsynchronously);
        records.Schedule(_ => elsewhere.SetResult(Environment.CurrentManagedThreadId != here || !Volatile.Read(ref isScheduling)), null);
        Volatile.Write(ref isScheduling, false);

        Assert.True(await elsewhere.Task.WithTimeout());
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Transport.Epoll.Https;

/// <summary>
/// What <see cref="System.Net.Security.SslStream"/> reads and writes: the transport's two pipes. A record that is written is not sent yet: it is sent with those that follow it,
/// when the stream is flushed or much has collected.
/// </summary>
/// <remarks>
/// One reader and one writer at a time, each on any thread, as with SslStream itself. SslStream flushes after each message of a handshake; who writes
/// application data through it has to flush.
/// </remarks>
internal sealed class TransportStream(IDuplexPipe transport) : Stream
{
    /// <summary>In bytes: what is sent at once at most. As much as a connection's output pipe takes by default before it makes the writer wait.</summary>
    private const int MaxUnflushed = 64 * 1024;

    // The original ends: by the time the connection ends, the connection's property has other ones.
    private readonly PipeReader _input = transport.Input;
    private readonly PipeWriter _output = transport.Output;

    // The writer only.
    private int _unflushed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Told of what is received; set once, before the application reads.</summary>
    public RecordScheduler? Records { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => _input.TryRead(out ReadResult result) ? new(Take(result, buffer.Span)) : WaitAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Put(buffer.Span);
        return _unflushed < MaxUnflushed ? default : SendAsync(cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Put(buffer);
        Flush();
    }

    /// <summary>Waits for room, as the stream that UseHttps makes does: a pipe knows one flush at a time.</summary>
    public override void Flush() => SendAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override Task FlushAsync(CancellationToken cancellationToken)
        => _unflushed == 0 ? Task.CompletedTask : SendAsync(cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        => Take(await _input.ReadAsync(cancellationToken).ConfigureAwait(false), buffer.Span);

    /// <summary>An empty buffer takes nothing: it asks whether there is anything to read.</summary>
    private int Take(in ReadResult result, Span<byte> buffer)
    {
        ReadOnlySequence<byte> available = result.Buffer;
        int count = 0;
        if (result.IsCanceled)
        {
            _input.AdvanceTo(available.Start);
            throw new OperationCanceledException();
        }

        if (!available.IsEmpty && !buffer.IsEmpty)
        {
            Records?.OnReceived();
            available = available.Slice(0, Math.Min(available.Length, buffer.Length));
            count = (int)available.Length;
            available.CopyTo(buffer);
        }

        // Of what is left nothing is examined: the next read has it at once.
        _input.AdvanceTo(available.IsEmpty || buffer.IsEmpty ? available.Start : available.End);
        return count;
    }

    private void Put(ReadOnlySpan<byte> buffer)
    {
        _output.Write(buffer);
        _unflushed += buffer.Length;
    }

    /// <summary>That the connection is gone is not for the writer: the reader sees it.</summary>
    private ValueTask SendAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken); // the pipe would take the bytes, but not wake who sends them
        }

        _unflushed = 0;
        ValueTask<FlushResult> flush = _output.FlushAsync(cancellationToken);
        if (!flush.IsCompletedSuccessfully)
        {
            return Finish(flush);
        }

        flush.GetAwaiter().GetResult();
        return default;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        static async ValueTask Finish(ValueTask<FlushResult> flush) => await flush.ConfigureAwait(false);
    }
}

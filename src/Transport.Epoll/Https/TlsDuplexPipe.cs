using System.IO.Pipelines;
using System.Net.Security;

namespace Transport.Epoll.Https;

/// <summary>
/// The application's ends of a connection that speaks TLS. Its buffers are as large as a record, so that what is flushed together is encrypted together.
/// </summary>
/// <remarks>
/// Any thread, as with any pipe. With HTTP/2 each stream's answer is flushed by itself, while others are about to be: there a pump
/// encrypts what has collected by the time it runs (<see cref="RecordScheduler"/>). All other protocols encrypt in the flush.
/// </remarks>
internal sealed class TlsDuplexPipe : IDuplexPipe, IAsyncDisposable
{
    /// <summary>The plaintext of a record at most (RFC 8446, 5.1).</summary>
    private const int RecordSize = 16 * 1024;

    /// <summary>As Kestrel has it: what is left of a buffer is worth a read.</summary>
    private const int MinReadSize = 2 * 1024;

    /// <summary>In bytes: what may wait for the pump before a flush has to.</summary>
    private const int MaxPlain = 64 * 1024;

    private static readonly StreamPipeReaderOptions s_input = new(bufferSize: RecordSize, minimumReadSize: MinReadSize, leaveOpen: true, useZeroByteReads: true);
    private static readonly StreamPipeWriterOptions s_output = new(minimumBufferSize: RecordSize, leaveOpen: true);

    private readonly Task _pump = Task.CompletedTask;

    public TlsDuplexPipe(SslStream stream, TransportStream inner)
    {
        Input = PipeReader.Create(stream, s_input);
        if (stream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2)
        {
            RecordScheduler records = inner.Records = new();
            Pipe collected = new(new PipeOptions(readerScheduler: records, pauseWriterThreshold: MaxPlain, resumeWriterThreshold: MaxPlain / 2,
                minimumSegmentSize: RecordSize, useSynchronizationContext: false));
            Output = collected.Writer;
            _pump = EncryptAsync(collected.Reader, stream);
        }
        else
        {
            Output = PipeWriter.Create(stream, s_output);
        }
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Completes both ends; what was written before is encrypted first.</summary>
    public async ValueTask DisposeAsync()
    {
        await Input.CompleteAsync().ConfigureAwait(false);
        await Output.CompleteAsync().ConfigureAwait(false);
        await _pump.ConfigureAwait(false);
    }

    /// <summary>Always ends without an exception: the writer gets it with its next flush.</summary>
    private static async Task EncryptAsync(PipeReader plain, SslStream stream)
    {
        Exception? error = null;
        try
        {
            ReadResult result;
            do
            {
                result = await plain.ReadAsync().ConfigureAwait(false);
                foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                {
                    await stream.WriteAsync(segment).ConfigureAwait(false);
                }

                plain.AdvanceTo(result.Buffer.End);
                await stream.FlushAsync().ConfigureAwait(false);
            }
            while (!result.IsCompleted);
        }
#pragma warning disable CA1031 // Whatever it was, it is the writer's.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            error = exception;
        }
        finally
        {
            await plain.CompleteAsync(error).ConfigureAwait(false);
        }
    }
}

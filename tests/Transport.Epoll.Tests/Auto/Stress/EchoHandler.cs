using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>Sends back what comes, in pieces of random size, each flushed: every read and every flush is a callback, and may be taken over from.</summary>
internal sealed class EchoHandler(ConnectionContext connection, LoopTaker taker, int maxPiece, int seed)
{
    private readonly Random _random = new(seed);

    public OnceCallbacks<ReadResult> Reads { get; } = new();

    public OnceCallbacks<FlushResult> Flushes { get; } = new();

    public async Task RunAsync()
    {
        await using (connection)
        {
            var input = connection.Transport.Input;
            while (true)
            {
                var read = await Reads.Of(input.ReadAsync());
                taker.Visit(_random);
                await EchoAsync(read.Buffer);
                input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
    }

    private async Task EchoAsync(ReadOnlySequence<byte> bytes)
    {
        var output = connection.Transport.Output;
        while (bytes.Length > 0)
        {
            var piece = bytes.Slice(0, Math.Min(bytes.Length, _random.Next(1, maxPiece + 1)));
            foreach (var segment in piece)
            {
                output.Write(segment.Span);
            }

            await Flushes.Of(output.FlushAsync());
            taker.Visit(_random);
            bytes = bytes.Slice(piece.End);
        }
    }
}

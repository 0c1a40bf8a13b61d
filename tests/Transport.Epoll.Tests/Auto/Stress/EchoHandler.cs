using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>Sends back what comes, in small pieces of random size, each flushed: every read and every flush is a callback, and may be taken over from.</summary>
internal sealed class EchoHandler(ConnectionContext connection, LoopTaker taker, int seed)
{
    private const int MaxPiece = 32;

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
                foreach (var segment in read.Buffer)
                {
                    await EchoAsync(segment);
                }

                input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
    }

    private async Task EchoAsync(ReadOnlyMemory<byte> bytes)
    {
        var output = connection.Transport.Output;
        while (bytes.Length > 0)
        {
            var piece = bytes[..Math.Min(bytes.Length, _random.Next(1, MaxPiece + 1))];
            output.Write(piece.Span);
            await Flushes.Of(output.FlushAsync());
            taker.Visit(_random);
            bytes = bytes[piece.Length..];
        }
    }
}

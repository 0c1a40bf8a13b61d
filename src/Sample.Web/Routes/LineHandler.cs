using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Sample.Web.Routes;

/// <summary>
/// What the endpoint <c>Lines</c> speaks, without HTTP, if the configuration has one: a line <c>/block/{ms}</c> holds up its thread, any other comes back
/// as it is. What comes after the last line break is dropped.
/// </summary>
internal sealed class LineHandler : ConnectionHandler
{
    public const string EndpointName = "Lines";

    private const int MaxLength = 1024;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        try
        {
            await AnswerAsync(connection.Transport, stopping);
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
        {
            // The client went away, or the time to stop was up; there is nobody left to tell.
        }
    }

    private static async Task AnswerAsync(IDuplexPipe transport, CancellationToken stopping)
    {
        await using var stop = stopping.Register(transport.Input.CancelPendingRead);
        while (true)
        {
            var read = await transport.Input.ReadAsync(CancellationToken.None);
            var rest = read.Buffer;
            while (TryReadLine(ref rest, out var line))
            {
                Answer(line, transport.Output);
                var flushed = await transport.Output.FlushAsync(CancellationToken.None);
                if (flushed.IsCompleted || stopping.IsCancellationRequested)
                {
                    return;
                }
            }

            if (rest.Length > MaxLength)
            {
                Write(transport.Output, string.Create(CultureInfo.InvariantCulture, $"A line has at most {MaxLength} bytes.\n"));
                await transport.Output.FlushAsync(CancellationToken.None);
                return;
            }

            transport.Input.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted || stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private static bool TryReadLine(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> line)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadTo(out line, (byte)'\n') || line.Length > MaxLength)
        {
            return false;
        }

        buffer = buffer.Slice(reader.Position);
        return true;
    }

    private static void Answer(in ReadOnlySequence<byte> line, PipeWriter output)
    {
        var reader = new SequenceReader<byte>(line);
        if (!reader.IsNext("/block/"u8, advancePast: true))
        {
            foreach (var piece in line)
            {
                output.Write(piece.Span);
            }

            output.Write("\n"u8);
            return;
        }

        if (!NumberRange.Milliseconds.TryParse(Encoding.UTF8.GetString(reader.UnreadSequence), out var wait))
        {
            Write(output, NumberRange.Milliseconds.Refusal);
            return;
        }

        Thread.Sleep((int)wait);
        Write(output, string.Create(CultureInfo.InvariantCulture, $"blocked {wait} ms\n"));
    }

    private static void Write(PipeWriter output, string text) => output.Write(Encoding.UTF8.GetBytes(text));
}

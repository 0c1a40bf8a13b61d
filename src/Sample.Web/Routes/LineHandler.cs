using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Sample.Web.Routes;

/// <summary>
/// What the endpoint <c>Lines</c> speaks, without HTTP, if the configuration has one: <c>/block/{ms}</c> holds up its thread, any other line comes back as
/// it is.
/// </summary>
internal sealed class LineHandler : ConnectionHandler
{
    public const string EndpointName = "Lines";

    private const int MaxLength = 1024;
    private const string Block = "/block/";

    private static readonly NumberRange s_milliseconds = new("ms", 0, 60_000);

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        await using var stop = stopping.Register(input.CancelPendingRead);
        try
        {
            while (await AnswerAsync(input, output))
            {
            }
        }
        catch (ConnectionResetException)
        {
            // The client went away; there is nobody left to tell.
        }
    }

    /// <summary>Answers the lines that are there; false when no more will come.</summary>
    private static async Task<bool> AnswerAsync(PipeReader input, PipeWriter output)
    {
        var read = await input.ReadAsync();
        var rest = read.Buffer;
        while (TryReadLine(ref rest, out var line))
        {
            output.Write(Encoding.UTF8.GetBytes(Answer(line)));
        }

        var isTooLong = rest.Length > MaxLength;
        if (isTooLong)
        {
            output.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"A line has at most {MaxLength} bytes.\n")));
        }

        input.AdvanceTo(rest.Start, rest.End);
        var flushed = await output.FlushAsync();
        return !isTooLong && !read.IsCompleted && !read.IsCanceled && !flushed.IsCompleted;
    }

    private static bool TryReadLine(ref ReadOnlySequence<byte> buffer, out string line)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> bytes, (byte)'\n') || bytes.Length > MaxLength)
        {
            line = "";
            return false;
        }

        line = Encoding.UTF8.GetString(bytes);
        buffer = buffer.Slice(reader.Position);
        return true;
    }

    private static string Answer(string line)
    {
        if (!line.StartsWith(Block, StringComparison.Ordinal))
        {
            return line + "\n";
        }

        if (!s_milliseconds.TryRead(line[Block.Length..], out var wait, out var refusal))
        {
            return refusal;
        }

        Thread.Sleep((int)wait);
        return string.Create(CultureInfo.InvariantCulture, $"blocked {wait} ms\n");
    }
}

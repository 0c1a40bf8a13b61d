using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sample.Web.Tests.Support;

/// <summary>
/// Keep-alive connections that each ask again and again for a quick answer that only this request can have. What is lost leaves its
/// connection waiting, what is answered twice is read in place of the next answer.
/// </summary>
internal sealed class QuickTraffic : IAsyncDisposable
{
    private readonly SampleProcess _sample;
    private readonly string? _first;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _running;
    private readonly long[] _answers;

    /// <summary>With <paramref name="path"/>, each request is pipelined behind one for that.</summary>
    public QuickTraffic(SampleProcess sample, int connections, string? path = null)
    {
        _sample = sample;
        _answers = new long[connections];
        _first = path is null ? null : $"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n";
        _running = [.. Enumerable.Range(0, connections).Select(i => Task.Run(() => RunAsync(i)))];
    }

    public long Answers => AnswersOfEach.Sum();

    /// <summary>The same by connection.</summary>
    public IReadOnlyList<long> AnswersOfEach => [.. Enumerable.Range(0, _answers.Length).Select(i => Volatile.Read(ref _answers[i]))];

    /// <summary>Whether a connection has ended or met a wrong answer; <see cref="StopAsync"/> says which.</summary>
    public bool HasFailed => _running.Any(task => task.IsFaulted);

    /// <summary>Ends it after the answers that are due; throws if one was wrong, did not come or came twice.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(int connection)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _sample.Port)).WithTimeout(Deadline.Long);
        var buffer = new byte[4096];
        for (var request = 0; !_stop.IsCancellationRequested; request++)
        {
            var number = $"{connection:D4}-{request:D11}";
            await socket.SendAsync(Encoding.ASCII.GetBytes($"{_first}POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {number.Length}\r\n\r\n{number}"));
            await ExpectAnswersAsync(socket, buffer, number);
            Volatile.Write(ref _answers[connection], request + 1);
        }

        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await ReadAsync(socket, buffer, "the end"));
    }

    /// <summary>Reads up to the number; before it there is nothing but what belongs to the request.</summary>
    private async Task ExpectAnswersAsync(Socket socket, byte[] buffer, string number)
    {
        var text = "";
        for (var filled = 0; !text.EndsWith($"\r\n\r\n{number}", StringComparison.Ordinal);)
        {
            var read = await ReadAsync(socket, buffer.AsMemory(filled), number);
            Assert.True(read > 0, $"{number}: not all of the answer: {text}");
            filled += read;
            text = Encoding.ASCII.GetString(buffer, 0, filled);
        }

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", text, StringComparison.Ordinal);
        Assert.Equal(_first is null ? 1 : 2, text.Split("HTTP/1.1 ").Length - 1);
    }

    private static async Task<int> ReadAsync(Socket socket, Memory<byte> buffer, string number)
    {
        using var limit = new CancellationTokenSource(Deadline.Long);
        try
        {
            return await socket.ReceiveAsync(buffer, limit.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"{number} was not answered. {SampleProcess.DumpAll()}", exception);
        }
    }
}

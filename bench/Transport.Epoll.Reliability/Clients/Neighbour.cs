using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Transport.Epoll.Reliability.Clients;

/// <summary>A well-behaved client beside the others: one kept connection, a request every few milliseconds, each answer timed.</summary>
internal sealed class Neighbour : IAsyncDisposable
{
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _end = new();
    private readonly Tally _tally;
    private readonly RawClient _client;
    private readonly Func<string> _state;
    private readonly List<double> _milliseconds = [];
    private readonly Task _loop;
    private int _answers;

    private Neighbour(RawClient client, Tally tally, Func<string> state)
    {
        _client = client;
        _tally = tally;
        _state = state;
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>How many answers it has had. Any thread.</summary>
    public int Answers => Volatile.Read(ref _answers);

    /// <param name="endPoint">The server.</param>
    /// <param name="tally">Where losses are counted.</param>
    /// <param name="state">What the server is doing, for the message of a wait that was in vain.</param>
    /// <param name="cancellation">Breaks the start off.</param>
    public static async Task<Neighbour> StartAsync(EndPoint endPoint, Tally tally, Func<string> state, CancellationToken cancellation) =>
        new(await RawClient.ConnectAsync(endPoint, cancellation), tally, state);

    /// <summary>Waits until it had that many more answers: time, as the neighbour feels it.</summary>
    public Task ServedAsync(int more, CancellationToken cancellation)
    {
        var goal = Answers + more;
        return Waiting.UntilAsync(() => Answers >= goal || _loop.IsCompleted, "The neighbour's answers", _state, cancellation);
    }

    /// <summary>Ends it.</summary>
    /// <returns>Its waits, in words.</returns>
    public async Task<string> StopAsync()
    {
        await _end.CancelAsync();
        await _loop;
        _milliseconds.Sort();
        return _milliseconds.Count == 0
            ? "neighbour had no answer"
            : FormattableString.Invariant($"neighbour {_milliseconds.Count} answers, p99 {_milliseconds[(int)(_milliseconds.Count * 0.99)]:F1} ms, max {_milliseconds[^1]:F0} ms");
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
        _client.Dispose();
        _end.Dispose();
    }

    private async Task LoopAsync()
    {
        try
        {
            while (!_end.IsCancellationRequested)
            {
                using var limit = new CancellationTokenSource(s_limit);
                var clock = Stopwatch.StartNew();
                await _client.SendAsync("GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\n", limit.Token);
                if ((await _client.ReadResponseAsync(limit.Token)).Status != 200)
                {
                    throw new IOException("not answered 200");
                }

                _milliseconds.Add(clock.Elapsed.TotalMilliseconds);
                Interlocked.Increment(ref _answers);
                await Task.Delay(s_pace, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            _tally.Lose($"the neighbour: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            _tally.Lose($"the neighbour: no answer within {s_limit.TotalSeconds} s", _state);
        }
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Hostile;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Load;

/// <summary>Mixed traffic on connections that come and go, for a long time: what the server holds must not rise.</summary>
internal sealed class SoakTrial : ITrial
{
    private const int Clients = 48;
    private const int RequestsPerConnection = 60;
    private const int Samples = 120;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_shortestInterval = TimeSpan.FromSeconds(0.25);

    public string Name => "soak";

    public string Summary => "mixed traffic on connections that come and go; descriptors, threads, heap and working set must not rise";

    public int DefaultTimes => 1;

    public IEnumerable<string> Tools => [];

    public async Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation)
    {
        var tally = new Tally();
        await using var server = await SampleServer.StartAsync(context, cancellation);
        var sockets = (await server.ReadFiguresAsync(collect: true, cancellation)).Sockets;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var clients = Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => ClientAsync(i, server, tally, end.Token), CancellationToken.None)));
        var samples = await WatchAsync(server, context.Length, cancellation);
        await end.CancelAsync();
        await clients;
        await server.SettleAsync(sockets, cancellation);
        if (context.Charts is { } folder)
        {
            Directory.CreateDirectory(folder);
            SoakChart.Draw(samples, FormattableString.Invariant($"{context.Server}: {context.Length.TotalMinutes:F0} minutes, {tally.Served} answers"), Path.Combine(folder, $"soak-{context.Transport}.png"));
        }

        var (first, last) = (samples[samples.Count / 4].Figures, samples[^1].Figures);
        return new TrialResult(
            FormattableString.Invariant($"{context.Length.TotalMinutes:F1} minutes, {tally.Served} answers"),
            [.. tally.Losses, .. Flatness.Rises(samples), .. server.Complaints()],
            FormattableString.Invariant($"from the first quarter to the end: descriptors {first.Descriptors} → {last.Descriptors}, threads {first.Threads} → {last.Threads}, ")
            + FormattableString.Invariant($"heap {first.HeapBytes / 1048576.0:F1} → {last.HeapBytes / 1048576.0:F1} MiB, working set {first.WorkingSet >> 20} → {last.WorkingSet >> 20} MiB"));
    }

    /// <summary>The samples are the measurement: their interval waits for nothing.</summary>
    private static async Task<List<SoakSample>> WatchAsync(SampleServer server, TimeSpan length, CancellationToken cancellation)
    {
        var interval = length / Samples < s_shortestInterval ? s_shortestInterval : length / Samples;
        var samples = new List<SoakSample>();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < length || samples.Count < 4;)
        {
            await Task.Delay(interval, cancellation);
            samples.Add(new SoakSample(clock.Elapsed, await server.ReadFiguresAsync(collect: true, cancellation)));
        }

        return samples;
    }

    private static async Task ClientAsync(int index, SampleServer server, Tally tally, CancellationToken end)
    {
        for (var n = 0; !end.IsCancellationRequested; n++)
        {
            using var limit = new CancellationTokenSource(s_limit);
            try
            {
                using var client = await RawClient.ConnectAsync(server.EndPoint, limit.Token, source: Sources.Of(index));
                for (var request = 0; request < RequestsPerConnection && !end.IsCancellationRequested; request++)
                {
                    if (await MixedRequests.AskAsync(client, index + request, limit.Token))
                    {
                        tally.Serve();
                    }
                    else
                    {
                        tally.Lose("a wrong answer");
                    }
                }

                if (n % 2 == 0)
                {
                    client.Reset();
                }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                tally.Lose(e.Message);
            }
            catch (OperationCanceledException)
            {
                tally.Lose($"no answers within {s_limit.TotalSeconds} s", () => server.State);
                return;
            }
        }
    }
}

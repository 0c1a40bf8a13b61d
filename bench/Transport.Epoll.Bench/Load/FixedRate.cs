using System.Diagnostics;
using System.Threading.Channels;
using HdrHistogram;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// Requests at a fixed rate, dealt out to the connections in turn whether or not they are still busy: what waits behind a slow answer counts
/// the wait as its own latency, as its user would. Every request is in the histogram: one that is still queued some time after the end counts
/// what it has waited so far. One that was sent and not answered is an error.
/// </summary>
/// <param name="connections">The number of clients.</param>
/// <param name="rate">Requests per second of all of them together.</param>
/// <param name="what">What a request is, in words.</param>
/// <param name="create">Makes a client for an address.</param>
internal sealed class FixedRate(int connections, int rate, string what, Func<Uri, IClient> create) : ILoadGenerator
{
    /// <summary>How long what is queued at the end may still be sent, and how long an answer may take.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(15);

    public IEnumerable<string> Tools => [];

    public string Describe(string address, int seconds) => $"{rate} {what} a second over {connections} connections for {seconds} s, {address}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var address = new Uri(server.Address, path);
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(seconds) + s_grace);
        var queues = Enumerable.Range(0, connections).Select(_ => Channel.CreateUnbounded<long>(new() { SingleReader = true, SingleWriter = true })).ToArray();
        var loops = queues.Select(queue => Task.Run(() => LoopAsync(address, queue.Reader, end.Token, cancellation), cancellation)).ToArray();

        // A thread of its own: timers of the pool come late when the pool is busy.
        var clock = Stopwatch.StartNew();
        await Task.Factory.StartNew(() => Deal(queues, seconds, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var results = await Task.WhenAll(loops);
        var elapsed = clock.Elapsed.TotalSeconds;
        cancellation.ThrowIfCancellationRequested();

        var all = Latency.NewHistogram();
        foreach (var result in results)
        {
            all.Add(result.Latencies);
        }

        var unsent = results.Sum(r => r.Unsent);
        return new LoadResult(all.TotalCount - unsent, elapsed, results.Sum(r => r.Errors), Latency.Of(all),
            unsent == 0 ? null : new Dictionary<string, double> { ["still queued"] = unsent });
    }

    private void Deal(Channel<long>[] queues, int seconds, CancellationToken cancellation)
    {
        var total = (long)rate * seconds;
        var clock = Stopwatch.StartNew();
        for (long dealt = 0; dealt < total && !cancellation.IsCancellationRequested;)
        {
            Thread.Sleep(1);
            for (var due = Math.Min(total, (long)(clock.Elapsed.TotalSeconds * rate)); dealt < due; dealt++)
            {
                // From now on it is the server's time; that the sleep was long is not.
                queues[dealt % queues.Length].Writer.TryWrite(Stopwatch.GetTimestamp());
            }
        }

        foreach (var queue in queues)
        {
            queue.Writer.Complete();
        }
    }

    private async Task<Tally> LoopAsync(Uri address, ChannelReader<long> due, CancellationToken end, CancellationToken cancellation)
    {
        var tally = new Tally();
        await using var client = create(address);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await foreach (var since in due.ReadAllAsync(cancellation))
            {
                if (end.IsCancellationRequested)
                {
                    tally.Unsent++;
                }
                else
                {
                    limit.CancelAfter(s_grace);
                    await client.RequestAsync(limit.Token);
                    limit.CancelAfter(Timeout.InfiniteTimeSpan);
                }

                Latency.Record(tally.Latencies, Stopwatch.GetElapsedTime(since).TotalMicroseconds);
            }
        }
        catch (Exception e) when (ClientFailure.Is(e))
        {
            Console.Error.WriteLine($"{address}: {e.Message}");
            tally.Errors++;
        }

        return tally;
    }

    private sealed class Tally
    {
        public LongHistogram Latencies { get; } = Latency.NewHistogram();

        public long Errors { get; set; }

        public long Unsent { get; set; }
    }
}

using System.Diagnostics;
using HdrHistogram;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>Clients that each send the next request when the answer to the last one is there.</summary>
/// <param name="what">What they do, in words.</param>
/// <param name="connections">The number of clients.</param>
/// <param name="create">Makes a client for an address.</param>
internal sealed class ClosedLoop(string what, int connections, Func<Uri, IClient> create) : ILoadGenerator
{
    /// <summary>How long the last answers may take.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(15);

    /// <summary>Adds the requests of the first and of the second half of the time to the figures.</summary>
    public bool Halves { get; init; }

    public IEnumerable<string> Tools => [];

    /// <summary>What the clients ask for now and then.</summary>
    public IEnumerable<string> OtherPaths { get; init; } = [];

    /// <summary>Who they are, in words.</summary>
    public string Clients => $"{connections} × {what}";

    public string Describe(string address, int seconds) => $"{Clients} for {seconds} s, {address}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        using var end = new CancellationTokenSource();
        var length = TimeSpan.FromSeconds(seconds);
        var run = RunAsync(new Uri(server.Address, path), length / 2, end.Token, cancellation);
        end.CancelAfter(length);
        return await run;
    }

    /// <summary>Runs until <paramref name="end"/> says so; <paramref name="cancellation"/> breaks it off.</summary>
    public async Task<LoadResult> RunAsync(Uri address, TimeSpan half, CancellationToken end, CancellationToken cancellation)
    {
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var limit = end.Register(() => abort.CancelAfter(s_grace));
        var clock = Stopwatch.StartNew();

        // On the pool: opening a client may do work before its first await.
        var loops = Enumerable.Range(0, connections).Select(_ => Task.Run(() => LoopAsync(address, clock, half, end, abort.Token), cancellation));
        var tallies = await Task.WhenAll(loops);
        var seconds = clock.Elapsed.TotalSeconds;

        var all = Latency.NewHistogram();
        foreach (var tally in tallies)
        {
            all.Add(tally.Latencies);
        }

        var halves = Halves
            ? new Dictionary<string, double> { ["requests, first half"] = tallies.Sum(t => t.FirstHalf), ["requests, second half"] = all.TotalCount - tallies.Sum(t => t.FirstHalf) }
            : null;
        return new LoadResult(all.TotalCount, seconds, tallies.Count(t => t.Failed), Latency.Of(all), halves);
    }

    private async Task<Tally> LoopAsync(Uri address, Stopwatch clock, TimeSpan half, CancellationToken end, CancellationToken abort)
    {
        var tally = new Tally();
        await using var client = create(address);
        while (!end.IsCancellationRequested)
        {
            var started = clock.Elapsed;
            try
            {
                await client.RequestAsync(abort);
            }
            catch (Exception e) when (ClientFailure.Is(e))
            {
                // The run is refused because of it; the first reason is worth a line.
                tally.Failed = true;
                Console.Error.WriteLine($"{address}: {e.Message}");
                return tally;
            }

            Latency.Record(tally.Latencies, (clock.Elapsed - started).TotalMicroseconds);
            tally.FirstHalf += clock.Elapsed < half ? 1 : 0;
        }

        return tally;
    }

    private sealed class Tally
    {
        public LongHistogram Latencies { get; } = Latency.NewHistogram();

        public long FirstHalf { get; set; }

        public bool Failed { get; set; }
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// Clients whose handlers block at first. Then, on the same connections, they do not: only that is measured, and how long it takes until the
/// Auto mode has all of them back on their loops.
/// </summary>
internal sealed class AfterBlocking(int connections, string blockingPath, TimeSpan blocking) : ILoadGenerator
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);

    public IEnumerable<string> Tools => [];

    public IEnumerable<string> OtherPaths => [blockingPath];

    public string Describe(string address, int seconds) =>
        $"{NewLoop([]).Describe(address, seconds)}, after {blocking.TotalSeconds} s of the same connections on {blockingPath}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var clients = Enumerable.Range(0, connections).Select(_ => new HttpRequests(new Uri(server.Address, blockingPath))).ToList();
        try
        {
            var fresh = await ChangesAsync(server, cancellation);
            using (var end = new CancellationTokenSource(blocking))
            {
                var blocked = await NewLoop(clients).RunAsync(server.Address, TimeSpan.Zero, end.Token, cancellation);
                blocked.RequireClean($"{server.Contender.Name}, while handlers block");
            }

            clients.ForEach(client => client.Address = new Uri(server.Address, path));
            var before = server.Usage();
            using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var back = UntilAllAreBackAsync(server, fresh, done.Token);
            var result = await NewLoop(clients).RunAsync(server, path, seconds, cancellation);
            var after = server.Usage();
            await done.CancelAsync();
            result = result.With("CPU µs/request after blocking", (after.CpuSeconds - before.CpuSeconds) / result.Requests * 1e6);
            if (await back is { } time)
            {
                return result.With("ms until all are back on their loops", time.TotalMilliseconds);
            }

            return fresh is null ? result : throw new BenchException($"{server.Contender.Name}: not all connections are back on their loops after {seconds} s.");
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    private ClosedLoop NewLoop(IEnumerable<HttpRequests> clients)
    {
        var free = new ConcurrentQueue<HttpRequests>(clients);
        return new ClosedLoop("GET", connections, _ => new Kept(free.TryDequeue(out var client) ? client : throw new InvalidOperationException("More loops than clients.")));
    }

    private static async Task<ModeChanges?> ChangesAsync(ServerProcess server, CancellationToken cancellation) =>
        (await ServerInfo.ReadAsync(server, collect: false, cancellation)).Auto;

    /// <summary>Null where there is no such mode, or when they are not back before the end.</summary>
    private async Task<TimeSpan?> UntilAllAreBackAsync(ServerProcess server, ModeChanges? fresh, CancellationToken end)
    {
        if (fresh is null)
        {
            return null;
        }

        var clock = Stopwatch.StartNew();
        try
        {
            while (await ChangesAsync(server, end) is { } now && now.MovesToLoop - fresh.MovesToLoop < connections)
            {
                await Task.Delay(s_look, end);
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        return clock.Elapsed;
    }

    /// <summary>A client that outlives the loop that uses it.</summary>
    private sealed class Kept(HttpRequests client) : IClient
    {
        public Task RequestAsync(CancellationToken cancellation) => client.RequestAsync(cancellation);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>A load, and what the database that the server asks has used for it.</summary>
internal sealed class BesideDatabase(ILoadGenerator load, MariaDb database) : ILoadGenerator
{
    public IEnumerable<string> Tools => load.Tools;

    public IEnumerable<string> OtherPaths => load.OtherPaths;

    public string Describe(string address, int seconds) => load.Describe(address, seconds);

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var before = database.Usage();
        var result = await load.RunAsync(server, path, seconds, cancellation);
        var after = database.Usage();
        return result.With("database CPU µs/request", (after.CpuSeconds - before.CpuSeconds) / Math.Max(1, result.Requests) * 1e6);
    }

    public Task<Latency?> MeasureLatencyAsync(ServerProcess server, string path, CancellationToken cancellation) => load.MeasureLatencyAsync(server, path, cancellation);
}

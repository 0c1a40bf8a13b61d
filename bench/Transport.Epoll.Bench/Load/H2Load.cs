using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>HTTP/2 load with prior knowledge for a length of time; HTTP/1.1 at a fixed rate, or an exact number of requests.</summary>
/// <param name="connections">Open connections.</param>
/// <param name="streams">Requests in flight on each.</param>
/// <param name="rate">Requests per second of all connections together, over HTTP/1.1; null sends as fast as answers come.</param>
/// <param name="grpc">A file of this folder to send as the body of a gRPC call; null for a GET.</param>
internal sealed class H2Load(int connections, int streams, int? rate = null, string? grpc = null) : ILoadGenerator
{
    /// <summary>The length of a run for latencies alone.</summary>
    private const int LatencySeconds = 1;

    /// <summary>In memory where there is such a folder: a line of the log is a system call of h2load for every request.</summary>
    private static readonly string s_logFolder = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    public IEnumerable<string> Tools => ["h2load"];

    public string Describe(string address, int seconds) =>
        $"h2load {string.Join(' ', Timed(seconds))} {address}{(rate is null ? $"; latencies from {LatencySeconds} s more with --log-file" : "")}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        // At a fixed rate the log takes nothing from the load. Otherwise h2load, writing it, would be the bottleneck.
        return rate is null
            ? await RunAsync([.. Timed(seconds), $"{new Uri(server.Address, path)}"], cancellation)
            : await RunLoggedAsync(server, path, seconds, cancellation);
    }

    public async Task<Latency?> MeasureLatencyAsync(ServerProcess server, string path, CancellationToken cancellation)
    {
        var result = await RunLoggedAsync(server, path, LatencySeconds, cancellation);
        return result.RequireClean($"{server.Contender.Name}, latencies").Latency;
    }

    private async Task<LoadResult> RunLoggedAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var log = Path.Combine(s_logFolder, Path.GetRandomFileName());
        try
        {
            var result = await RunAsync([.. Timed(seconds), "--log-file", log, $"{new Uri(server.Address, path)}"], cancellation);
            return result with { Latency = H2LoadOutput.ReadLog(File.ReadLines(log)) };
        }
        finally
        {
            File.Delete(log);
        }
    }

    /// <summary>HTTP/1.1, one request at a time on each connection.</summary>
    public Task<LoadResult> RunCountedAsync(Uri address, long requests, CancellationToken cancellation) =>
        RunAsync(["--h1", "-t", "1", "-c", $"{connections}", "-n", $"{requests}", $"{address}"], cancellation);

    private string[] Timed(int seconds) => rate is null
        ? ["-t", "1", "-c", $"{connections}", "-m", $"{streams}", "-D", $"{seconds}", .. Body]
        : ["--h1", "-t", "1", "-c", $"{connections}", "--rps", $"{rate / connections}", "-D", $"{seconds}"];

    private string[] Body => grpc is null ? [] : ["-d", GrpcCall.PathOf(grpc), "-H", $"content-type: {GrpcCall.ContentType}", "-H", "te: trailers"];

    private static async Task<LoadResult> RunAsync(string[] arguments, CancellationToken cancellation) =>
        H2LoadOutput.Parse(await Tool.RunAsync("h2load", arguments, cancellation));
}

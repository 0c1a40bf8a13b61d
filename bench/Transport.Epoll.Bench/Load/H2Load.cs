using System.Globalization;
using System.Text.RegularExpressions;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>HTTP/2 load with prior knowledge for a length of time; HTTP/1.1 at a fixed rate, or an exact number of requests.</summary>
/// <param name="connections">Open connections.</param>
/// <param name="streams">Requests in flight on each.</param>
/// <param name="rate">Requests per second of all connections together, over HTTP/1.1; null sends as fast as answers come.</param>
internal sealed partial class H2Load(int connections, int streams, int? rate = null) : ILoadGenerator
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
            return result with { Latency = ReadLog(File.ReadLines(log)) };
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
        ? ["-t", "1", "-c", $"{connections}", "-m", $"{streams}", "-D", $"{seconds}"]
        : ["--h1", "-t", "1", "-c", $"{connections}", "--rps", $"{rate / connections}", "-D", $"{seconds}"];

    /// <summary>Each line is: start, status, and how long it took in microseconds.</summary>
    internal static Latency? ReadLog(IEnumerable<string> lines)
    {
        var histogram = Load.Latency.NewHistogram();
        foreach (var line in lines)
        {
            Load.Latency.Record(histogram, double.Parse(line.Split('\t')[2], CultureInfo.InvariantCulture));
        }

        return Load.Latency.Of(histogram);
    }

    private static async Task<LoadResult> RunAsync(string[] arguments, CancellationToken cancellation) =>
        Parse(await Tool.RunAsync("h2load", arguments, cancellation));

    /// <summary>Reads the summary that h2load prints.</summary>
    internal static LoadResult Parse(string output)
    {
        var finished = FinishedLine().Match(output);
        var requests = RequestsLine().Match(output);
        var codes = StatusLine().Match(output);
        if (!finished.Success || !requests.Success || !codes.Success)
        {
            throw new BenchException($"h2load reported nothing:{Environment.NewLine}{output}");
        }

        var seconds = Number(finished, "time") * (finished.Groups["unit"].Value switch { "us" => 1e-6, "ms" => 1e-3, _ => 1 });
        var errors = Number(requests, "failed") + Number(requests, "errored") + Number(requests, "timeout")
            + Number(codes, "c3") + Number(codes, "c4") + Number(codes, "c5");
        return new LoadResult((long)Number(requests, "succeeded"), seconds, (long)errors);
    }

    private static double Number(Match match, string group) => double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^finished in (?<time>[\d.]+)(?<unit>us|ms|s),", RegexOptions.Multiline)]
    private static partial Regex FinishedLine();

    [GeneratedRegex(@"^requests: .* (?<succeeded>\d+) succeeded, (?<failed>\d+) failed, (?<errored>\d+) errored, (?<timeout>\d+) timeout", RegexOptions.Multiline)]
    private static partial Regex RequestsLine();

    [GeneratedRegex(@"^status codes: \d+ 2xx, (?<c3>\d+) 3xx, (?<c4>\d+) 4xx, (?<c5>\d+) 5xx", RegexOptions.Multiline)]
    private static partial Regex StatusLine();
}

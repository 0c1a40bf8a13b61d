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
    public IEnumerable<string> Tools => ["h2load"];

    public string Describe(string address, int seconds) => $"h2load {string.Join(' ', Timed(seconds))} {address}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var address = $"{new Uri(server.Address, path)}";
        if (rate is null)
        {
            // Without latencies: h2load would make a system call for each line of the log and be the bottleneck.
            return await RunAsync([.. Timed(seconds), address], cancellation);
        }

        var log = Path.GetTempFileName();
        try
        {
            var result = await RunAsync([.. Timed(seconds), "--log-file", log, address], cancellation);
            return result with { Latency = ReadLog(log) };
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
    private static Latency? ReadLog(string path)
    {
        var histogram = Load.Latency.NewHistogram();
        foreach (var line in File.ReadLines(path))
        {
            Load.Latency.Record(histogram, double.Parse(line.Split('\t')[2], CultureInfo.InvariantCulture));
        }

        return Load.Latency.Of(histogram);
    }

    private static async Task<LoadResult> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var output = await Tool.RunAsync("h2load", arguments, cancellation);
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

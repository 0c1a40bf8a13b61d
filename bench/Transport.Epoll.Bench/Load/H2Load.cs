using System.Globalization;
using System.Text.RegularExpressions;

namespace Transport.Epoll.Bench.Load;

/// <summary>HTTP/2 load with prior knowledge for a length of time, or an exact number of requests over HTTP/1.1.</summary>
internal sealed partial class H2Load(int connections, int streams) : ILoadGenerator
{
    public string Tool => "h2load";

    public string Describe(string address, int seconds) => $"h2load {string.Join(' ', Timed(address, seconds))}";

    public Task<LoadResult> RunAsync(Uri address, int seconds, CancellationToken cancellation) =>
        RunAsync(Timed($"{address}", seconds), cancellation);

    /// <summary>HTTP/1.1, one request at a time on each connection.</summary>
    public Task<LoadResult> RunCountedAsync(Uri address, long requests, CancellationToken cancellation) =>
        RunAsync(["--h1", "-t", "1", "-c", $"{connections}", "-n", $"{requests}", $"{address}"], cancellation);

    private string[] Timed(string address, int seconds) =>
        ["-t", "1", "-c", $"{connections}", "-m", $"{streams}", "-D", $"{seconds}", address];

    private static async Task<LoadResult> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var output = await Bench.Tool.RunAsync("h2load", arguments, cancellation);
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

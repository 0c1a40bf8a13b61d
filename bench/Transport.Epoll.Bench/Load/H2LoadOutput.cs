using System.Globalization;
using System.Text.RegularExpressions;

namespace Transport.Epoll.Bench.Load;

/// <summary>What h2load prints, and what it writes with <c>--log-file</c>.</summary>
internal static partial class H2LoadOutput
{
    /// <summary>Each line is: start, status, and how long it took in microseconds.</summary>
    public static Latency? ReadLog(IEnumerable<string> lines)
    {
        var histogram = Latency.NewHistogram();
        foreach (var line in lines)
        {
            Latency.Record(histogram, double.Parse(line.Split('\t')[2], CultureInfo.InvariantCulture));
        }

        return Latency.Of(histogram);
    }

    /// <summary>Reads the summary that h2load prints.</summary>
    public static LoadResult Parse(string output)
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

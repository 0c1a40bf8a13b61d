using System.Globalization;

namespace Transport.Epoll.Bench.Load;

/// <summary>HTTP/1.1 keep-alive load for a length of time.</summary>
internal sealed class Wrk(int connections, int threads) : ILoadGenerator
{
    private static readonly string s_script = Path.Combine(AppContext.BaseDirectory, "Load", "report.lua");

    public string Tool => "wrk";

    public string Describe(string address, int seconds) => $"wrk -c {connections} -t {threads} -d {seconds}s {address}";

    public async Task<LoadResult> RunAsync(Uri address, int seconds, CancellationToken cancellation)
    {
        var output = await Bench.Tool.RunAsync("wrk", ["-c", $"{connections}", "-t", $"{threads}", "-d", $"{seconds}s", "-s", s_script, $"{address}"], cancellation);
        var line = output.Split('\n').FirstOrDefault(l => l.StartsWith("RESULT ", StringComparison.Ordinal))
            ?? throw new BenchException($"wrk reported nothing:{Environment.NewLine}{output}");
        var fields = line.Split(' ');
        double Field(int i) => double.Parse(fields[i], CultureInfo.InvariantCulture);

        // wrk counts in microseconds.
        return new LoadResult((long)Field(1), Field(2) / 1e6, (long)Field(3), Field(4) / 1e3, Field(5) / 1e3);
    }
}

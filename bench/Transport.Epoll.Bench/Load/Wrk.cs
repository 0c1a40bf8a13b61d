using System.Globalization;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>HTTP/1.1 load for a length of time.</summary>
/// <param name="connections">Open connections.</param>
/// <param name="threads">Threads of wrk.</param>
/// <param name="script">A script of this folder that says what to send.</param>
/// <param name="header">A header to add to every request.</param>
internal sealed class Wrk(int connections, int threads, string script = "report.lua", string? header = null) : ILoadGenerator
{
    /// <summary>With several requests in flight on a connection its percentiles are of no use: some come out as 0.</summary>
    private readonly bool _hasLatencies = script != "pipeline.lua";

    public IEnumerable<string> Tools => ["wrk"];

    public string Describe(string address, int seconds) =>
        $"wrk -c {connections} -t {threads} -d {seconds}s{(header is null ? "" : $" -H '{header}'")}{(script == "report.lua" ? "" : $" -s {script}")} {address}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        List<string> arguments = ["-c", $"{connections}", "-t", $"{threads}", "-d", $"{seconds}s", "-s", Path.Combine(AppContext.BaseDirectory, "Load", script)];
        if (header is not null)
        {
            arguments.AddRange(["-H", header]);
        }

        return Parse(await Tool.RunAsync("wrk", [.. arguments, $"{new Uri(server.Address, path)}"], cancellation), _hasLatencies);
    }

    /// <summary>Reads the line that report.lua writes.</summary>
    internal static LoadResult Parse(string output, bool withLatencies)
    {
        var line = output.Split('\n').FirstOrDefault(l => l.StartsWith("RESULT ", StringComparison.Ordinal))
            ?? throw new BenchException($"wrk reported nothing:{Environment.NewLine}{output}");
        var fields = line.Split(' ');
        double Field(int i) => double.Parse(fields[i], CultureInfo.InvariantCulture);

        // wrk counts in microseconds.
        var latency = withLatencies ? new Latency(Field(4) / 1e3, Field(5) / 1e3, Field(6) / 1e3) : null;
        return new LoadResult((long)Field(1), Field(2) / 1e6, (long)Field(3), latency);
    }
}

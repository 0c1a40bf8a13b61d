using System.Diagnostics;
using System.Globalization;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// A connection, a TLS 1.3 handshake, a GET and the close, again and again. The client is <c>tlsconnections.c</c>; a handshake that is resumed and should not
/// be, or the other way round, is an error.
/// </summary>
/// <param name="threads">Threads of the client, each with one connection at a time.</param>
/// <param name="resumed">Whether each handshake resumes the session of the one before.</param>
internal sealed class TlsConnections(int threads, bool resumed) : ILoadGenerator
{
    private const string Header = "/usr/include/openssl/ssl.h";

    private readonly string _kind = resumed ? "resumed" : "full";

    public IEnumerable<string> Tools => ["cc", Header];

    public string Describe(string address, int seconds) => $"tlsconnections: a connection with a {_kind} TLS 1.3 handshake for each GET, {threads} at a time for {seconds} s, {address}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var program = await CProgram.BuildAsync("Load/tlsconnections.c", cancellation, "-lssl", "-lcrypto");
        var clock = Stopwatch.StartNew();
        var output = await Tool.RunAsync(program, [$"{server.Address.Port}", path, $"{threads}", $"{seconds}", _kind], cancellation);
        return Parse(output, clock.Elapsed.TotalSeconds);
    }

    /// <summary>A line for each connection: microseconds, or what was wrong.</summary>
    internal static LoadResult Parse(string output, double seconds)
    {
        var histogram = Latency.NewHistogram();
        var errors = 0;
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds))
            {
                Latency.Record(histogram, microseconds);
            }
            else if (++errors == 1)
            {
                Console.Error.WriteLine(line);
            }
        }

        return new LoadResult(histogram.TotalCount, seconds, errors, Latency.Of(histogram));
    }
}

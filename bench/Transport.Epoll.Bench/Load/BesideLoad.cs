using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>Measures one load while another goes on beside it; only the measured one counts as requests.</summary>
internal sealed class BesideLoad(ILoadGenerator measured, string otherPath, int otherConnections) : ILoadGenerator
{
    private static readonly TimeSpan s_headStart = TimeSpan.FromMilliseconds(500);

    private readonly ClosedLoop _other = new("GET", otherConnections, address => new HttpRequests(address));

    public IEnumerable<string> Tools => measured.Tools;

    public string Describe(string address, int seconds) => $"{measured.Describe(address, seconds)}, beside {otherConnections} connections on {otherPath}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        using var end = new CancellationTokenSource();
        var beside = _other.RunAsync(new Uri(server.Address, otherPath), TimeSpan.Zero, end.Token, cancellation);
        LoadResult result;
        try
        {
            await Task.Delay(s_headStart, cancellation);
            result = await measured.RunAsync(server, path, seconds, cancellation);
        }
        finally
        {
            await end.CancelAsync();
        }

        var other = await beside;
        return result with
        {
            Errors = result.Errors + other.Errors,
            Figures = new Dictionary<string, double>(result.Figures ?? new Dictionary<string, double>()) { [$"{otherPath} requests/s"] = other.Requests / other.Seconds },
        };
    }
}

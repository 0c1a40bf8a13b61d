using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>Measures one load while another goes on beside it; only the measured one counts as requests.</summary>
internal sealed class BesideLoad(ILoadGenerator measured, ClosedLoop other, string otherPath) : ILoadGenerator
{
    private static readonly TimeSpan s_headStart = TimeSpan.FromMilliseconds(500);

    public IEnumerable<string> Tools => measured.Tools;

    public string Describe(string address, int seconds) => $"{measured.Describe(address, seconds)}, beside {other.Clients} on {otherPath}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        using var end = new CancellationTokenSource();
        var beside = other.RunAsync(new Uri(server.Address, otherPath), TimeSpan.Zero, end.Token, cancellation);
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

        var besides = await beside;
        return result with
        {
            Errors = result.Errors + besides.Errors,
            Figures = new Dictionary<string, double>(result.Figures ?? new Dictionary<string, double>()) { [$"{otherPath} requests/s"] = besides.Requests / besides.Seconds },
        };
    }
}

using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// Measures one load while another comes in beside it and goes on; only the measured one counts as requests. What the server needs to get used
/// to the other one, such as a take-over, is in the figures.
/// </summary>
internal sealed class BesideLoad(ILoadGenerator measured, ClosedLoop other, string otherPath) : ILoadGenerator
{
    private static readonly TimeSpan s_alone = TimeSpan.FromMilliseconds(500);

    public IEnumerable<string> Tools => measured.Tools;

    public IEnumerable<string> OtherPaths => [.. measured.OtherPaths, otherPath];

    public string Describe(string address, int seconds) => $"{measured.Describe(address, seconds)}, beside {other.Clients} on {otherPath}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        using var end = new CancellationTokenSource();
        var beside = RunOtherAsync(server, end.Token, cancellation);
        LoadResult result;
        try
        {
            result = await measured.RunAsync(server, path, seconds, cancellation);
        }
        finally
        {
            await end.CancelAsync();
            await ((Task)beside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // nobody may go on when the server ends
        }

        // A server that never got to the other load had less to do.
        var besides = (await beside).RequireClean($"{server.Contender.Name}, {otherPath}");
        return result.With($"{otherPath} requests/s", besides.Requests / besides.Seconds);
    }

    private async Task<LoadResult> RunOtherAsync(ServerProcess server, CancellationToken end, CancellationToken cancellation)
    {
        await Task.Delay(s_alone, cancellation);
        return await other.RunAsync(new Uri(server.Address, otherPath), TimeSpan.Zero, end, cancellation);
    }
}

using System.Collections;

namespace Transport.Epoll.Bench.Servers;

/// <summary>The contenders of one scenario, all running at once. Disposing ends them all. One caller at a time.</summary>
internal sealed class ServerGroup : IReadOnlyList<ServerProcess>, IAsyncDisposable
{
    private readonly List<ServerProcess> _servers = [];

    private ServerGroup()
    {
    }

    public int Count => _servers.Count;

    public ServerProcess this[int index] => _servers[index];

    public static async Task<ServerGroup> StartAsync(IEnumerable<Contender> contenders, ServerSettings settings, CancellationToken cancellation)
    {
        var group = new ServerGroup();
        try
        {
            foreach (var contender in contenders)
            {
                group._servers.Add(await ServerProcess.StartAsync(contender, settings, cancellation));
            }

            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>The servers in the order of a round: each round begins with another one, so that none always runs after the same one.</summary>
    public IEnumerable<ServerProcess> InTurn(int round) =>
        Enumerable.Range(0, Count).Select(i => _servers[(i + round) % Count]);

    public IEnumerator<ServerProcess> GetEnumerator() => _servers.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>All of them, even if one can't be ended.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_servers.Select(server => server.DisposeAsync().AsTask()));
}

using System.Net.Http.Json;

namespace Transport.Epoll.Bench.Servers;

/// <summary>The part of the sample's <c>/info</c> that the benchmark reads; <paramref name="Auto"/> is there in that mode only.</summary>
internal sealed record ServerInfo(int Connections, long AllocatedBytes, long HeapBytes, ModeChanges? Auto)
{
    /// <param name="server">A contender that can <see cref="Ability.Info"/>.</param>
    /// <param name="collect">Whether all garbage is collected first.</param>
    /// <param name="cancellation">Ends the question.</param>
    public static async Task<ServerInfo> ReadAsync(ServerProcess server, bool collect, CancellationToken cancellation) =>
        await server.Http.GetFromJsonAsync<ServerInfo>(collect ? "/info?collect=1" : "/info", cancellation)
            ?? throw new BenchException($"{server.Contender.Name}: /info is empty.");
}

using System.Net.Sockets;
using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>Twice as many connections as <c>MaxConcurrentConnections</c>: exactly the limit is served, the others end unanswered; who leaves makes room.</summary>
internal sealed class TooManyConnectionsAttack : IAttack
{
    private const int Limit = 50;
    private const string Request = "GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\n";

    public string Name => "too-many-connections";

    public string Summary => $"twice as many as a MaxConcurrentConnections of {Limit}";

    public int DefaultTimes => 20;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => ["--Kestrel:Limits:MaxConcurrentConnections", $"{Limit}"];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var refused = 0;
        for (var i = 0; i < times; i++)
        {
            refused += await OnceAsync(target, cancellation);
        }

        return $"{refused} refused";
    }

    private static async Task<int> OnceAsync(AttackTarget target, CancellationToken cancellation)
    {
        var clients = new List<RawClient>();
        try
        {
            await Waiting.WithinLimitAsync(stop => FillAsync(target, clients, stop), $"{Limit} served connections", () => $"There were {clients.Count + 1}. {target.Server.State}", cancellation);
            var refused = 0;
            await target.EachAsync(Limit, Limit, async (_, stop) =>
            {
                using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop);
                var served = await IsServedAsync(client, stop);
                Interlocked.Add(ref refused, served ? 0 : 1);
                target.Expect(!served, "served above the limit");
            }, cancellation);
            await target.EachAsync(clients.Count, Limit, async (i, stop) => target.Expect(await IsServedAsync(clients[i], stop), "not served below the limit"), cancellation);
            return refused;
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
        }
    }

    /// <summary>The neighbour has one of the places. Those who left the last time may be on their way out still.</summary>
    private static async Task FillAsync(AttackTarget target, List<RawClient> clients, CancellationToken cancellation)
    {
        while (clients.Count < Limit - 1)
        {
            var client = await RawClient.ConnectAsync(target.Server.EndPoint, cancellation);
            clients.Add(client);
            if (!await IsServedAsync(client, cancellation))
            {
                clients.Remove(client);
                client.Dispose();
            }
        }
    }

    private static async Task<bool> IsServedAsync(RawClient client, CancellationToken cancellation)
    {
        try
        {
            await client.SendAsync(Request, cancellation);
            return (await client.ReadResponseAsync(cancellation)).Status == 200;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return false;
        }
    }
}

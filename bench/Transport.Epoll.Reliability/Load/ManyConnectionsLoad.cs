using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Hostile;

namespace Transport.Epoll.Reliability.Load;

/// <summary>Thousands of connections that are open together and all ask at once, a mix of requests each.</summary>
internal sealed class ManyConnectionsLoad : IAttack
{
    private const int Rounds = 2;
    private const int RequestsInRound = 6;
    private const int OpeningAtOnce = 64;

    public string Name => "many-connections";

    public string Summary => $"connections that are open together, {Rounds * RequestsInRound} mixed requests on each";

    public int DefaultTimes => 15_000;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var clients = new RawClient?[times];
        try
        {
            await target.EachAsync(times, OpeningAtOnce, async (i, stop) => clients[i] = await RawClient.ConnectAsync(target.Server.EndPoint, stop, source: Sources.Of(i)), cancellation);
            var peak = 0;
            for (var round = 0; round < Rounds; round++)
            {
                await target.EachAsync(times, times, async (i, stop) =>
                {
                    for (var n = 0; n < RequestsInRound; n++)
                    {
                        target.Expect(await MixedRequests.AskAsync(clients[i]!, i + n, stop), "a wrong answer");
                    }
                }, cancellation);
                peak = Math.Max(peak, (await target.Server.ReadFiguresAsync(collect: false, cancellation)).Connections - 2);
            }

            target.Expect(peak == times, $"{peak} connections were open, not {times}");
            return $"{target.Tally.Served} answers";
        }
        finally
        {
            foreach (var client in clients)
            {
                client?.Dispose();
            }
        }
    }
}

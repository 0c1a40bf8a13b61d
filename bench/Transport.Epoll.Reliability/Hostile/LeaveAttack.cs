using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>Clients that connect and leave at once, in turn with FIN and RST, as fast as they can.</summary>
internal sealed class LeaveAttack : IAttack
{
    private const int AtOnce = 64;

    public string Name => "connect-and-leave";

    public string Summary => "a flood of connections that are left at once, in turn with FIN and RST";

    public int DefaultTimes => 50_000;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        await target.EachAsync(times, AtOnce, async (i, stop) =>
        {
            using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop, source: Sources.Of(i));
            if (i % 2 == 0)
            {
                client.Reset();
            }

            target.Tally.Serve();
        }, cancellation);
        return "";
    }
}

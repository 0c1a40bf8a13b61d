using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>
/// An attack on a server that a well-behaved neighbour uses all the while. The neighbour is served, what the attack counts as owed is given,
/// and afterwards the server holds no more connections and sockets than before.
/// </summary>
internal sealed class AttackTrial(IAttack attack) : ITrial
{
    private const int WarmUp = 50;

    public string Name => attack.Name;

    public string Summary => attack.Summary;

    public int DefaultTimes => attack.DefaultTimes;

    public IEnumerable<string> Tools => attack.Tools;

    public async Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation)
    {
        var times = context.Times ?? DefaultTimes;
        var tally = new Tally();
        await using var server = await SampleServer.StartAsync(context, cancellation, attack.ServerArguments);
        var sockets = (await server.ReadFiguresAsync(collect: true, cancellation)).Sockets;
        string seen;
        string waits;
        await using (var neighbour = await Neighbour.StartAsync(server.EndPoint, tally, () => server.State, cancellation))
        {
            await neighbour.ServedAsync(WarmUp, cancellation);
            seen = await attack.RunAsync(new AttackTarget(server, tally, neighbour), times, cancellation);
            waits = await neighbour.StopAsync();
        }

        await server.SettleAsync(sockets, cancellation);
        return new TrialResult($"{times} ×", [.. tally.Losses, .. server.Complaints()], seen.Length == 0 ? waits : $"{seen}; {waits}");
    }
}

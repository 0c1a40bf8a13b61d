using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>Requests that are begun and never finished. Kestrel's limits must end every one of them, as on any transport.</summary>
internal sealed class UnfinishedAttack : IAttack
{
    private readonly string _begin;

    private UnfinishedAttack(string name, string summary, string begin, params string[] serverArguments)
    {
        Name = name;
        Summary = summary;
        _begin = begin;
        ServerArguments = serverArguments;
    }

    public static UnfinishedAttack Header { get; } = new(
        "unfinished-header", "headers that never end, against a RequestHeadersTimeout of 2 s", "GET /plaintext HTTP/1.1\r\nHost: x\r\nX-Slow: ", "--Kestrel:Limits:RequestHeadersTimeout", "00:00:02");

    /// <summary>Kestrel's own rate: 240 bytes a second, after 5 s of grace.</summary>
    public static UnfinishedAttack Body { get; } = new(
        "unfinished-body", "bodies that never end, against the default MinRequestBodyDataRate", "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this");

    /// <summary>Long enough for the neighbour, which the same limit holds for, on a busy machine.</summary>
    public static UnfinishedAttack Silent { get; } = new(
        "silent-connections", "connections that never speak, against a KeepAliveTimeout of 8 s", "", "--Kestrel:Limits:KeepAliveTimeout", "00:00:08");

    public string Name { get; }

    public string Summary { get; }

    public int DefaultTimes => _begin.Length == 0 ? 10_000 : 1000;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments { get; }

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var before = await target.Server.ReadFiguresAsync(collect: true, cancellation);
        var clients = new RawClient?[times];
        try
        {
            await target.EachAsync(times, 64, async (i, stop) =>
            {
                clients[i] = await RawClient.ConnectAsync(target.Server.EndPoint, stop, source: Sources.Of(i));
                await clients[i]!.SendAsync(_begin, stop);
            }, cancellation);
            var during = await target.Server.ReadFiguresAsync(collect: false, cancellation);

            // All at once: each waits for its own limit, not for the others'.
            await target.EachAsync(times, times, async (i, stop) => target.Expect((await clients[i]!.ReadToEndAsync(stop)).End is PeerEnd.Closed or PeerEnd.Reset, ""), cancellation);
            return FormattableString.Invariant(
                $"{target.Tally.Served} ended by the server, {Math.Max(0, during.WorkingSet - before.WorkingSet) / Math.Max(1, during.Connections - before.Connections) / 1024.0:F1} KiB each while open");
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

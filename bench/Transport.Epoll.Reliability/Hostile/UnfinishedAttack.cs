using System.Diagnostics;
using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>
/// Requests that are begun and never finished. All are open together, and Kestrel's limits must end every one of them, none before its time, as
/// on any transport.
/// </summary>
internal sealed class UnfinishedAttack : IAttack
{
    private const int OpeningAtOnce = 64;

    /// <summary>Kestrel's clock ticks once a second, or later on a busy machine, so a limit may seem shorter to a client.</summary>
    private const double AllowedPart = 0.5;

    /// <summary>Who is connected may wait in the queue still.</summary>
    private static readonly TimeSpan s_acceptLimit = TimeSpan.FromSeconds(2);

    private readonly string _begin;
    private readonly TimeSpan _limit;

    private UnfinishedAttack(string name, string summary, string begin, TimeSpan limit, params string[] serverArguments)
    {
        Name = name;
        Summary = summary;
        _begin = begin;
        _limit = limit;
        ServerArguments = serverArguments;
    }

    public static UnfinishedAttack Header { get; } = new(
        "unfinished-header", "headers that never end, against a RequestHeadersTimeout of 5 s", "GET /plaintext HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        TimeSpan.FromSeconds(5), "--Kestrel:Limits:RequestHeadersTimeout", "00:00:05");

    /// <summary>Kestrel's own rate: 240 bytes a second, after 5 s of grace.</summary>
    public static UnfinishedAttack Body { get; } = new(
        "unfinished-body", "bodies that never end, against the default MinRequestBodyDataRate", "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this",
        TimeSpan.FromSeconds(5));

    /// <summary>Long enough to open all of them on a busy machine, and for the neighbour, which the same limit holds for.</summary>
    public static UnfinishedAttack Silent { get; } = new(
        "silent-connections", "connections that never speak, against a KeepAliveTimeout of 15 s", "", TimeSpan.FromSeconds(15), "--Kestrel:Limits:KeepAliveTimeout", "00:00:15");

    public string Name { get; }

    public string Summary { get; }

    public int DefaultTimes => _begin.Length == 0 ? 10_000 : 1000;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments { get; }

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var before = await target.Server.ReadFiguresAsync(collect: true, cancellation);
        var clients = new RawClient?[times];
        var begun = new TimeSpan[times];
        var clock = Stopwatch.StartNew();
        try
        {
            await target.EachAsync(times, OpeningAtOnce, async (i, stop) =>
            {
                begun[i] = clock.Elapsed;
                clients[i] = await RawClient.ConnectAsync(target.Server.EndPoint, stop, source: Sources.Of(i));
                await clients[i]!.SendAsync(_begin, stop);
            }, cancellation);
            var during = await AcceptedAsync(target, times, cancellation);
            var open = during.Connections - before.Connections;
            var seconds = clock.Elapsed.TotalSeconds;
            if (open != times)
            {
                target.Tally.Lose(FormattableString.Invariant($"{open} connections were open together after {seconds:F1} s, not {times}"));
            }

            // All at once: each waits for its own limit, not for the others'.
            await target.EachAsync(times, times, async (i, stop) =>
            {
                if (clients[i] is { } client)
                {
                    await client.ReadToEndAsync(stop);
                    target.Expect(clock.Elapsed - begun[i] >= AllowedPart * _limit, "ended before its limit");
                }
            }, cancellation);
            return FormattableString.Invariant(
                $"{open} open together after {seconds:F1} s, {target.Tally.Served} ended by the server in time, {Math.Max(0, during.WorkingSet - before.WorkingSet) / Math.Max(1, open) / 1024.0:F1} KiB each while open");
        }
        finally
        {
            foreach (var client in clients)
            {
                client?.Dispose();
            }
        }
    }

    /// <summary>The figures once all are accepted, or what there is when that takes too long.</summary>
    private static async Task<ServerFigures> AcceptedAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        // The neighbour, and who asks.
        var clock = Stopwatch.StartNew();
        ServerFigures figures;
        do
        {
            figures = await target.Server.ReadFiguresAsync(collect: false, cancellation);
        }
        while (figures.Connections - 2 < times && clock.Elapsed < s_acceptLimit);

        return figures;
    }
}

using System.Net.Sockets;
using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>
/// Clients that say FIN and go on reading: after a whole request, within one, before any. They get an answer or an end, and never wait for
/// ever. Kestrel may see the end before it has answered, and then owes nothing: how often is in the table, beside Sockets.
/// </summary>
internal sealed class HalfCloseAttack : IAttack
{
    private const int AtOnce = 32;

    private static readonly string[] s_requests =
    [
        "GET /plaintext HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /download/1000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /plaintext HTTP/1.1\r\nHo",
        "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nless",
        "",
    ];

    public string Name => "half-close";

    public string Summary => "FIN after a request, within one and before any, then reading to the end";

    public int DefaultTimes => 1000;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var answered = 0;
        var reset = 0;
        await target.EachAsync(times * s_requests.Length, AtOnce, async (i, stop) =>
        {
            using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop);
            await client.SendAsync(s_requests[i % s_requests.Length], stop);
            client.HalfClose();
            var (end, received) = await client.ReadToEndAsync(stop);
            Interlocked.Add(ref answered, i % s_requests.Length == 0 && received > 0 ? 1 : 0);
            Interlocked.Add(ref reset, end == PeerEnd.Reset ? 1 : 0);
            target.Tally.Serve();
        }, cancellation);
        return $"{answered} of {times} whole short requests answered, {reset} reset";
    }
}

using System.Net.Sockets;
using System.Text;
using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>
/// Everything larger than Kestrel allows. Each is refused with its own status; the answer can be lost to the reset that follows when
/// bytes are left unread, on every transport, so a reset counts as a refusal.
/// </summary>
internal sealed class OversizedAttack : IAttack
{
    private const int AtOnce = 16;

    private static readonly (string Request, int Status)[] s_requests =
    [
        ($"GET /{new string('a', 10_000)} HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        ($"GET /plaintext HTTP/1.1\r\nHost: x\r\nX-Long: {new string('a', 40_000)}\r\n\r\n", 431),
        ($"GET /plaintext HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 101).Select(i => $"X-{i}: y\r\n"))}\r\n", 431),
        ($"GET /plaintext HTTP/1.1\r\nHost: x\r\nX-Endless: {new string('a', 10_000_000)}", 431),
        ("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ($"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{new string('f', 32)}\r\n", 500), // Kestrel's reader of chunks fails, and with it the handler
        ($"{new string('A', 9000)} / HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ];

    public string Name => "oversized";

    public string Summary => "request lines, headers, lengths and chunks beyond the limits";

    public int DefaultTimes => 100;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var answered = 0;
        await target.EachAsync(times * s_requests.Length, AtOnce, async (i, stop) =>
        {
            var (request, status) = s_requests[i % s_requests.Length];
            using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop);
            var sending = client.SendUnlessEndedAsync(Encoding.ASCII.GetBytes(request), thenHalfClose: false, stop);
            try
            {
                var response = await client.ReadResponseAsync(stop);
                Interlocked.Increment(ref answered);
                target.Expect(response.Status == status, $"{request[..Math.Min(request.Length, 40)].ReplaceLineEndings(" ")}: answered {response.Status}, not {status}");
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                target.Tally.Serve();
            }

            await sending;
        }, cancellation);
        return $"{answered} of {times * s_requests.Length} refused with their status, the others by RST";
    }
}

using System.Net.Sockets;
using System.Text;
using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>
/// Everything larger than Kestrel allows. Each is refused with its own status; the answer can be lost to the reset that follows when
/// bytes are left unread, on every transport, so a reset counts as a refusal, if others of the kind were answered.
/// </summary>
internal sealed class OversizedAttack : IAttack
{
    private const int AtOnce = 16;
    private const int MaxBody = 1_000_000;

    private static readonly (string Request, int Status)[] s_requests =
    [
        ($"GET /{new string('a', 10_000)} HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        ($"GET /plaintext HTTP/1.1\r\nHost: x\r\nX-Long: {new string('a', 40_000)}\r\n\r\n", 431),
        ($"GET /plaintext HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 101).Select(i => $"X-{i}: y\r\n"))}\r\n", 431),
        ($"GET /plaintext HTTP/1.1\r\nHost: x\r\nX-Endless: {new string('a', 10_000_000)}", 431),
        ("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ($"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{new string('f', 32)}\r\n", 500), // Kestrel's reader of chunks fails, and with it the handler
        ($"{new string('A', 9000)} / HTTP/1.1\r\nHost: x\r\n\r\n", 414),

        // The largest body, and larger ones: who waits for them gets Kestrel's 413 within an AggregateException, and fails.
        ($"POST /upload/blocking HTTP/1.1\r\nHost: x\r\nContent-Length: {MaxBody}\r\n\r\n{new string('b', MaxBody)}", 200),
        ($"POST /upload/blocking HTTP/1.1\r\nHost: x\r\nContent-Length: {MaxBody + 1}\r\n\r\n", 500),
        ($"POST /upload/blocking HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{MaxBody + 1:x}\r\n{new string('b', MaxBody + 1)}\r\n0\r\n\r\n", 500),
    ];

    public string Name => "oversized";

    public string Summary => "request lines, headers, lengths, chunks and bodies beyond the limits";

    public int DefaultTimes => 100;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => ["--Kestrel:Limits:MaxRequestBodySize", $"{MaxBody}"];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var answered = new int[s_requests.Length];
        await target.EachAsync(times * s_requests.Length, AtOnce, async (i, stop) =>
        {
            var (request, status) = s_requests[i % s_requests.Length];
            using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop);
            var sending = client.SendUnlessEndedAsync(Encoding.ASCII.GetBytes(request), thenHalfClose: false, stop);
            try
            {
                var response = await client.ReadResponseAsync(stop);
                Interlocked.Increment(ref answered[i % s_requests.Length]);
                target.Expect(response.Status == status, $"{Describe(request)}: answered {response.Status}, not {status}");
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                target.Tally.Serve();
            }

            await sending;
        }, cancellation);
        for (var kind = 0; kind < s_requests.Length; kind++)
        {
            target.Expect(answered[kind] > 0, $"{Describe(s_requests[kind].Request)}: none was answered");
        }

        return $"{answered.Sum()} of {times * s_requests.Length} answered with their status, the others by RST";
    }

    private static string Describe(string request) => request[..Math.Min(request.Length, 70)].ReplaceLineEndings(" ");
}

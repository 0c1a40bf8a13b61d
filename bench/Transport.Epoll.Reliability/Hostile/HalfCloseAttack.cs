using System.Net.Sockets;
using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>
/// Clients that say FIN and go on reading: after a whole request, within one, before any. They get a whole answer, or RST, or an end, and never
/// wait for ever. Kestrel may see the end before it has answered, and then owes nothing: it breaks the handler off and closes with FIN, on every
/// transport. What the handler had written then comes as it was written. How often is in the table, beside Sockets.
/// </summary>
internal sealed class HalfCloseAttack : IAttack
{
    private const int AtOnce = 32;

    /// <summary>What the handler of a download writes at a time.</summary>
    private const int Piece = 64 * 1024;

    /// <summary>And the length of the right answer; null if there is none, since it is no whole request.</summary>
    private static readonly (string Sent, int? Length)[] s_requests =
    [
        ("GET /plaintext HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 13),
        ("GET /download/1000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 1_000_000),
        ("GET /plaintext HTTP/1.1\r\nHo", null),
        ("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nless", null),
        ("", null),
    ];

    public string Name => "half-close";

    public string Summary => "FIN after a request, within one and before any, then reading to the end";

    public int DefaultTimes => 1000;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var answered = new int[s_requests.Length];
        var cut = 0;
        var reset = 0;
        await target.EachAsync(times * s_requests.Length, AtOnce, async (i, stop) =>
        {
            using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop);
            var kind = i % s_requests.Length;
            await client.SendAsync(s_requests[kind].Sent, stop);
            client.HalfClose();
            try
            {
                var response = await client.ReadResponseAsync(stop);
                target.Expect(IsRight(response, s_requests[kind].Length), $"{Describe(kind)}: answered {response.Status} with {response.Body.Length} bytes");
                Interlocked.Increment(ref answered[kind]);
                Interlocked.Add(ref reset, (await client.ReadToEndAsync(stop)).End == PeerEnd.Reset ? 1 : 0);
            }
            catch (IOException)
            {
                var pieces = s_requests[kind].Length > Piece && client.Unread % Piece == 0 ? client.Unread / Piece : 0;
                target.Expect(!client.HasReceived || pieces > 0, $"{Describe(kind)}: a cut answer ended like a whole one");
                Interlocked.Add(ref cut, pieces > 0 ? 1 : 0);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                Interlocked.Increment(ref reset);
                target.Tally.Serve();
            }
        }, cancellation);
        for (var kind = 0; kind < s_requests.Length; kind++)
        {
            target.Expect(s_requests[kind].Length is null or > Piece || answered[kind] > 0, $"{Describe(kind)}: none was answered");
        }

        return $"of {times} short and {times} long downloads, {answered[0]} and {answered[1]} came whole, {cut} broken off between two writes; {reset} reset in all";
    }

    private static bool IsRight(RawResponse response, int? length) =>
        length is null ? response.Status is >= 400 and < 500 : response.Status == 200 && response.Body.Length == length;

    private static string Describe(int kind) => s_requests[kind].Sent.Split('\r')[0] + (s_requests[kind].Length is null ? ", cut" : "");
}

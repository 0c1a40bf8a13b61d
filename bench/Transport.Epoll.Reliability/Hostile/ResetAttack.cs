using System.Text;
using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>RST at every stage: after each byte of a request's head, at points of its body, before, within and after the response.</summary>
internal sealed class ResetAttack : IAttack
{
    private const int AtOnce = 32;

    private static readonly byte[] s_get = "GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
    private static readonly byte[] s_upload = Encoding.ASCII.GetBytes("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + new string('x', 99_999));
    private static readonly byte[] s_chunked = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"u8.ToArray();
    private static readonly byte[] s_download = "GET /download/10000000 HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
    private static readonly byte[] s_delay = "GET /delay/20 HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
    private static readonly byte[] s_pipelined = [.. Enumerable.Repeat(s_get, 16).SelectMany(r => r)];

    /// <summary>What is sent, and how much of the response is read before the reset; 0 resets without waiting for it.</summary>
    private static readonly (ReadOnlyMemory<byte> Sent, int Read)[] s_stages =
    [
        .. Enumerable.Range(0, s_get.Length + 1).Select(n => (new ReadOnlyMemory<byte>(s_get, 0, n), 0)),
        .. Enumerable.Range(s_chunked.Length - 20, 21).Select(n => (new ReadOnlyMemory<byte>(s_chunked, 0, n), 0)),
        .. new[] { 100, 4096, 65_536, s_upload.Length }.Select(n => (new ReadOnlyMemory<byte>(s_upload, 0, n), 0)),
        .. new[] { 0, 1, 100, 4096, 65_536, 1_000_000 }.Select(n => (new ReadOnlyMemory<byte>(s_download), n)),
        (s_delay, 0),
        (s_get, 1),
        (s_get, 100),
        (s_pipelined, 0),
        (s_pipelined, 300),
    ];

    public string Name => "reset-at-every-stage";

    public string Summary => $"RST at {s_stages.Length} stages of requests and responses";

    public int DefaultTimes => 100;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        await target.EachAsync(times * s_stages.Length, AtOnce, async (i, stop) =>
        {
            var (sent, read) = s_stages[i % s_stages.Length];
            using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop);
            await client.SendAsync(sent, stop);
            if (read > 0)
            {
                target.Expect(await client.SkipAsync(read, stop), "a response ended before the client did");
            }

            client.Reset();
        }, cancellation);
        return $"{times * s_stages.Length} resets";
    }
}

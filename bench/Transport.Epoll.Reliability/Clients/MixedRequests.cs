using System.Text;

namespace Transport.Epoll.Reliability.Clients;

/// <summary>What ordinary clients ask of the sample, in turn: short and long answers, bodies, waits.</summary>
internal static class MixedRequests
{
    private static readonly (byte[] Request, Func<RawResponse, bool> IsRight)[] s_all =
    [
        Of("GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\n", r => r.Body.AsSpan().SequenceEqual("Hello, World!"u8)),
        Of("GET /json HTTP/1.1\r\nHost: x\r\n\r\n", r => r.Body.AsSpan().SequenceEqual("{\"message\":\"Hello, World!\"}"u8)),
        Of("GET /download/20000 HTTP/1.1\r\nHost: x\r\n\r\n", r => r.Body.Length == 20_000),
        Of($"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n{new string('u', 4096)}", r => r.Body.AsSpan().SequenceEqual("{\"bytes\":4096}"u8)),
        Of($"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n{new string('e', 4096)}\r\n0\r\n\r\n", r => r.Body.Length == 4096 && r.Body[^1] == 'e'),
        Of("GET /delay/5 HTTP/1.1\r\nHost: x\r\n\r\n", r => r.Body.AsSpan().StartsWith("awaited 5 ms"u8)),
    ];

    /// <summary>Sends the request of that turn and checks the whole answer.</summary>
    public static async Task<bool> AskAsync(RawClient client, int turn, CancellationToken cancellation)
    {
        var (request, isRight) = s_all[turn % s_all.Length];
        await client.SendAsync(request, cancellation);
        var response = await client.ReadResponseAsync(cancellation);
        return response.Status == 200 && isRight(response);
    }

    private static (byte[] Request, Func<RawResponse, bool> IsRight) Of(string request, Func<RawResponse, bool> isRight) => (Encoding.ASCII.GetBytes(request), isRight);
}

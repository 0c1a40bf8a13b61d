using System.Security.Cryptography;
using System.Text;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>
/// Refuses to compare servers that do not do the same work: each must answer with success, and status, headers and body must be equal byte by
/// byte, but for the date, the order of headers and, for other servers than the sample, what a server says of itself and of its connection.
/// </summary>
internal static class AnswerCheck
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>The length follows the name of the thread, see <see cref="DescribeAsync"/>; the body is compared anyway.</summary>
    private static readonly string[] s_freeHeaders = ["Date", "Content-Length"];

    private static readonly string[] s_freeHeadersOfPeers = [.. s_freeHeaders, "Server", "Connection", "Keep-Alive", "Transfer-Encoding"];

    public static Task RequireSameAsync(IEnumerable<ServerProcess> servers, string path, CancellationToken cancellation) =>
        RequireSameAsync(servers, path, world: null, cancellation);

    /// <param name="servers">Who is compared.</param>
    /// <param name="path">What they are asked for.</param>
    /// <param name="world">The table that <c>/db</c> answers a row of, which is another one each time; null where nobody asks for it.</param>
    /// <param name="cancellation">Ends the questions.</param>
    public static async Task RequireSameAsync(
        IEnumerable<ServerProcess> servers, string path, IReadOnlyDictionary<int, int>? world, CancellationToken cancellation)
    {
        (string Name, string Answer)? first = null;
        (string Name, string Answer)? firstSample = null;
        foreach (var server in servers)
        {
            if (SelfChecking(new Uri(server.Address, path)) is { } client)
            {
                await RequestOnceAsync(client, server, path, cancellation);
                continue;
            }

            var anyRow = path == DatabaseRows.Path && world is not null;
            if (anyRow)
            {
                await DatabaseRows.RequireRowsAsync(server, world!, cancellation);
            }

            using var response = await AskAsync(server.Http, anyRow ? path : DatabaseScenario.Comparable(path), cancellation);
            var answer = await DescribeAsync(response, anyRow, cancellation);
            if (!response.IsSuccessStatusCode)
            {
                throw new BenchException($"{path}: {server.Contender.Name} does not do the work: {answer}");
            }

            answer += Headers(response, s_freeHeadersOfPeers);
            first ??= (server.Contender.Name, answer);
            RequireEqual(first.Value, answer);
            if (!server.Contender.IsPeer)
            {
                var headers = answer + Headers(response, s_freeHeaders);
                firstSample ??= (server.Contender.Name, headers);
                RequireEqual(firstSample.Value, headers);
            }

            void RequireEqual((string Name, string Answer) expected, string actual)
            {
                if (expected.Answer != actual)
                {
                    throw new BenchException($"""
                        {path}: {expected.Name} and {server.Contender.Name} answer differently, so their figures can't be compared.
                        {expected.Answer}
                        {actual}
                        """);
                }
            }
        }
    }

    /// <summary>Where one request by itself shows nothing: a client of the load, which knows what is right.</summary>
    private static IClient? SelfChecking(Uri address) => address.AbsolutePath switch
    {
        "/ws" => new WebSocketMessages(address, length: 128),
        StackScenarios.Unary => new GrpcCall(address, "sum.grpc", replies: 1),
        StackScenarios.Streaming => new GrpcCall(address, "sums.grpc", replies: 100),
        "/meet" => new Meetings(address, TimeSpan.Zero),
        _ => null,
    };

    private static async Task RequestOnceAsync(IClient client, ServerProcess server, string path, CancellationToken cancellation)
    {
        await using (client)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(s_limit);
            try
            {
                await client.RequestAsync(limit.Token);
            }
            catch (Exception e) when (ClientFailure.Is(e) && !cancellation.IsCancellationRequested)
            {
                throw new BenchException($"{path}: {server.Contender.Name} does not do the work: {e.Message}");
            }
        }
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient client, string path, CancellationToken cancellation) =>
        path.StartsWith("/upload", StringComparison.Ordinal)
            ? client.PostAsync(path, new StringContent("upload"), cancellation)
            : client.GetAsync(path, cancellation);

    private static async Task<string> DescribeAsync(HttpResponseMessage response, bool anyRow, CancellationToken cancellation)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);

        // The sample's timing routes end with the name of the thread, which is the transport's.
        var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 100)));
        if (text.IndexOf(" ms on ", StringComparison.Ordinal) is > 0 and var end)
        {
            body = Encoding.UTF8.GetBytes(text[..end]);
        }

        if (anyRow)
        {
            body = []; // a row by chance; each was compared with the table
        }

        return $"HTTP/{response.Version} {(int)response.StatusCode}; {response.Content.Headers.ContentType}; {body.Length} bytes, SHA-256 {Convert.ToHexString(SHA256.HashData(body))}";
    }

    /// <summary>In alphabetical order.</summary>
    private static string Headers(HttpResponseMessage response, string[] free) =>
        string.Concat(response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .Where(h => !free.Contains(h.Key, StringComparer.OrdinalIgnoreCase))
            .OrderBy(h => h.Key, StringComparer.OrdinalIgnoreCase)
            .Select(h => $"; {h.Key}: {h.Value}"));
}

using System.Security.Cryptography;

namespace Transport.Epoll.Bench.Servers;

/// <summary>Refuses to compare servers that do not do the same work: status, headers and body must be equal.</summary>
internal static class AnswerCheck
{
    public static async Task RequireSameAsync(IEnumerable<ServerProcess> servers, string path, CancellationToken cancellation)
    {
        (string Name, string Answer)? first = null;
        foreach (var server in servers)
        {
            var answer = await DescribeAsync(server.Http, path, cancellation);
            first ??= (server.Contender.Name, answer);
            if (first.Value.Answer != answer)
            {
                throw new BenchException($"""
                    {path}: {first.Value.Name} and {server.Contender.Name} answer differently, so their figures can't be compared.
                    {first.Value.Answer}
                    {answer}
                    """);
            }
        }
    }

    private static async Task<string> DescribeAsync(HttpClient client, string path, CancellationToken cancellation)
    {
        using var response = await client.GetAsync(path, cancellation);
        response.EnsureSuccessStatusCode();
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);

        // Date is the one header that may differ from answer to answer.
        var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .Where(h => !h.Key.Equals("Date", StringComparison.OrdinalIgnoreCase))
            .Select(h => $"{h.Key}: {h.Value}");
        return $"HTTP/{response.Version} {(int)response.StatusCode}; {string.Join("; ", headers)}; {body.Length} bytes, SHA-256 {Convert.ToHexString(SHA256.HashData(body))}";
    }
}

using System.Text.Json;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>Whether <c>/db</c> answers rows of table <c>world</c>: other ones each time, so that bytes are compared with the table instead of with another server's.</summary>
internal static class DatabaseRows
{
    public const string Path = "/db";

    /// <summary>Few enough that nobody waits; that all of them are the same row by chance has odds of one in 10,000 to the nineteenth.</summary>
    private const int Questions = 20;

    public static async Task RequireRowsAsync(ServerProcess server, IReadOnlyDictionary<int, int> world, CancellationToken cancellation)
    {
        var rows = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Questions; i++)
        {
            using var response = await server.Http.GetAsync(Path, cancellation);
            var body = await response.Content.ReadAsStringAsync(cancellation);
            if (!response.IsSuccessStatusCode || !IsRow(body, world))
            {
                throw new BenchException($"{Path}: {server.Contender.Name} answers {(int)response.StatusCode}, {body}, which is no row of the table.");
            }

            rows.Add(body);
        }

        if (rows.Count == 1)
        {
            throw new BenchException($"{Path}: {server.Contender.Name} answers {rows.Single()} {Questions} times, not a row by chance.");
        }
    }

    /// <summary>Byte by byte: the id that it has says what all of it must be.</summary>
    internal static bool IsRow(string body, IReadOnlyDictionary<int, int> world)
    {
        try
        {
            using var row = JsonDocument.Parse(body);
            return row.RootElement.TryGetProperty("id", out var property)
                && property.TryGetInt32(out var id)
                && world.TryGetValue(id, out var number)
                && body == FormattableString.Invariant($$"""{"id":{{id}},"randomNumber":{{number}}}""");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // no JSON, or JSON of another kind
        }
    }
}

using System.Text.Json;

namespace Sample.Web.Tests.Support;

/// <summary>Where the sample runs a connection's callbacks, as its dump tells.</summary>
internal static class LoopConnections
{
    /// <summary>
    /// Sends quick requests until all connections that the sample has run on their loops. The first requests of a process are slow, which sends a connection
    /// to the pool; so does anything slow on a busy machine, and then it takes more quick ones than before.
    /// </summary>
    public static async Task SettleAsync(SampleProcess sample, params HttpClient[] clients)
    {
        string dump = "";
        await Deadline.UntilAsync(
            async () =>
            {
                foreach (var client in clients)
                {
                    for (var i = 0; i < 50; i++)
                    {
                        await client.GetStringAsync("/plaintext").WithTimeout(Deadline.Short);
                    }
                }

                using var watcher = sample.CreateClient(); // with a connection of its own, the latest
                dump = await watcher.GetStringAsync("/loops/dump").WithTimeout(Deadline.Short);
                using var parsed = JsonDocument.Parse(dump);
                return parsed.RootElement.GetProperty("connections").EnumerateArray()
                    .OrderBy(connection => connection.GetProperty("acceptedAt").GetDateTimeOffset()).SkipLast(1)
                    .All(connection => !connection.GetProperty("onPool").GetBoolean());
            },
            () => $"All connections on their loops: {dump}",
            Deadline.Long);
    }
}

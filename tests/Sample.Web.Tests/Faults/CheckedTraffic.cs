using System.Net;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Faults;

/// <summary>What came of some traffic: answers that were right to the last byte, and connections that ended in between. There is no third.</summary>
internal sealed record TrafficResult(int Correct, int Closed);

/// <summary>Several checked clients at once, which connect again when the server ends their connection.</summary>
internal static class CheckedTraffic
{
    private const int ClientsPerEndPoint = 6;

    /// <summary>Sends so many exchanges from each client. A wrong byte, a refused connection or an answer that never comes fails the test.</summary>
    public static async Task<TrafficResult> RunAsync(SampleProcess sample, IReadOnlyList<EndPoint> endPoints, int exchanges, int seed)
    {
        using var cancellation = new CancellationTokenSource(Deadline.Long);
        var clients = Enumerable.Range(0, endPoints.Count * ClientsPerEndPoint)
            .Select(i => RunClientAsync(endPoints[i % endPoints.Count], exchanges, new Random((seed * 1000) + i), cancellation.Token))
            .ToArray();
        try
        {
            var results = await Task.WhenAll(clients);
            return new TrafficResult(results.Sum(result => result.Correct), results.Sum(result => result.Closed));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{clients.Count(client => client.IsCanceled)} of {clients.Length} clients wait for an answer after {Deadline.Long.TotalSeconds} s:\n"
                + $"{ThreadStates.Dump(sample.Id)}\n{sample.Log}");
            throw;
        }
    }

    private static async Task<TrafficResult> RunClientAsync(EndPoint endPoint, int exchanges, Random random, CancellationToken cancellation)
    {
        var correct = 0;
        var closed = 0;
        CheckedClient? client = null;
        try
        {
            for (var i = 0; i < exchanges; i++)
            {
                try
                {
                    client ??= await CheckedClient.ConnectAsync(endPoint, random, cancellation);
                    correct += await client.ExchangeAsync(cancellation);
                }
                catch (ServerClosedException)
                {
                    closed++;
                    client?.Dispose();
                    client = null;
                }
            }
        }
        finally
        {
            client?.Dispose();
        }

        return new TrafficResult(correct, closed);
    }
}

using System.Net;
using System.Net.Sockets;

namespace Transport.Epoll.Reliability.Clients;

/// <summary>One request after a restart. wrk waits in silence for a server that hears of no connection; this does not.</summary>
internal static class Probe
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(15);

    /// <summary>Why it was not answered; null if it was.</summary>
    public static async Task<string?> AskAsync(EndPoint endPoint, Func<string> state, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_limit);
        try
        {
            using var client = await RawClient.ConnectAsync(endPoint, limit.Token);
            await client.SendAsync("GET /plaintext HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", limit.Token);
            var response = await client.ReadResponseAsync(limit.Token);
            return response.Status == 200 ? null : $"answered {response.Status} after a restart";
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return $"after a restart: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"no answer within {s_limit.TotalSeconds} s after a restart. {state()}";
        }
    }
}

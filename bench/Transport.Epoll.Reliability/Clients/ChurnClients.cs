using System.Net;
using System.Net.Sockets;

namespace Transport.Epoll.Reliability.Clients;

/// <summary>
/// Clients that open a connection for each request, as fast as they can, until the server refuses them. A connection that was refused was
/// never the server's, unless it must not refuse any; one that was established and not answered in full is lost.
/// </summary>
/// <param name="endPoint">The server.</param>
/// <param name="tally">Where answers and losses are counted.</param>
/// <param name="state">What the server is doing, for the message of an answer that does not come.</param>
/// <param name="mayRefuse">Whether the server may refuse at this moment; always, without it. Any thread.</param>
internal sealed class ChurnClients(EndPoint endPoint, Tally tally, Func<string> state, Func<bool>? mayRefuse = null)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private static readonly byte[] s_request = "GET /plaintext HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray();

    /// <summary>Runs until all were refused, or until <paramref name="end"/> is cancelled, which does not break off what is established.</summary>
    public Task RunAsync(int clients, CancellationToken end) =>
        Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(() => LoopAsync(end), CancellationToken.None)));

    private async Task LoopAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            RawClient client;
            try
            {
                client = await RawClient.ConnectAsync(endPoint, end);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException e) when (IsRefusal(e.SocketErrorCode) && mayRefuse?.Invoke() != false)
            {
                return;
            }
            catch (SocketException e)
            {
                tally.Lose($"connecting: {e.SocketErrorCode}");
                return;
            }

            using (client)
            {
                await AskAsync(client);
            }
        }
    }

    private async Task AskAsync(RawClient client)
    {
        using var limit = new CancellationTokenSource(s_limit);
        try
        {
            await client.SendAsync(s_request, limit.Token);
            var response = await client.ReadResponseAsync(limit.Token);
            if (response.Status == 200 && response.Body.AsSpan().SequenceEqual("Hello, World!"u8))
            {
                tally.Serve();
            }
            else
            {
                tally.Lose($"answered {response.Status}");
            }
        }
        catch (SocketException e)
        {
            tally.Lose($"{e.SocketErrorCode}");
        }
        catch (IOException e)
        {
            tally.Lose(e.Message);
        }
        catch (OperationCanceledException)
        {
            tally.Lose($"no answer within {s_limit.TotalSeconds} s", state);
        }
    }

    /// <summary>For a unix socket, its file is gone (ENOENT) or nobody listens (ECONNREFUSED).</summary>
    private static bool IsRefusal(SocketError error) => error is SocketError.ConnectionRefused or SocketError.AddressNotAvailable;
}

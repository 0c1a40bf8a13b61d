using System.Diagnostics;
using System.Net.Sockets;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>Opens connections, has one request answered on each, and asks what they cost while they do nothing.</summary>
internal sealed class IdleConnections(int connections) : ILoadGenerator
{
    private const int WarmUpConnections = 200;
    private const int Parallel = 64;

    /// <summary>Time for pools and trackers to let go of what the opening left behind.</summary>
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(3);

    public IEnumerable<string> Tools => [];

    public string Describe(string address, int seconds) => $"{connections} connections, one request on each, then idle, {address}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        await WithConnectionsAsync(server, path, WarmUpConnections, () => Task.CompletedTask, cancellation);
        await Task.Delay(s_rest, cancellation);
        var before = await ReadAsync(server, cancellation);
        var clock = Stopwatch.StartNew();
        var during = before;
        await WithConnectionsAsync(
            server,
            path,
            connections,
            async () =>
            {
                await Task.Delay(s_rest, cancellation);
                during = await ReadAsync(server, cancellation);
            },
            cancellation);

        return new LoadResult(connections, clock.Elapsed.TotalSeconds, Errors: 0, Figures: new Dictionary<string, double>
        {
            ["managed bytes per connection"] = (double)(during.Heap - before.Heap) / connections,
            ["resident bytes per connection"] = (double)(during.Resident - before.Resident) / connections,
        });
    }

    private static async Task<(long Heap, long Resident)> ReadAsync(ServerProcess server, CancellationToken cancellation)
    {
        // Twice: what a finalizer of the first collection let go of is freed by the second.
        await ServerInfo.ReadAsync(server, collect: true, cancellation);
        var info = await ServerInfo.ReadAsync(server, collect: true, cancellation);
        return (info.HeapBytes, server.Usage().ResidentBytes);
    }

    private static async Task WithConnectionsAsync(ServerProcess server, string path, int count, Func<Task> action, CancellationToken cancellation)
    {
        var sockets = new Socket?[count];
        try
        {
            await System.Threading.Tasks.Parallel.ForAsync(
                0,
                count,
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
                async (i, stop) =>
                {
                    var socket = sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    await socket.ConnectAsync(server.Address.Host, server.Address.Port, stop);
                    await AskAsync(socket, path, stop);
                });
            await action();
        }
        catch (SocketException e)
        {
            throw new BenchException($"{server.Contender.Name}: {e.Message}");
        }
        finally
        {
            foreach (var socket in sockets)
            {
                socket?.Dispose();
            }
        }
    }

    private static async Task AskAsync(Socket socket, string path, CancellationToken cancellation)
    {
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: idle\r\n\r\n"), cancellation);
        var answer = new byte[1024];
        for (var length = 0; !answer.AsSpan(0, length).EndsWith("Hello, World!"u8);)
        {
            var received = await socket.ReceiveAsync(answer.AsMemory(length), cancellation);
            length += received > 0 ? received : throw new BenchException("A connection was closed instead of answered.");
        }
    }
}

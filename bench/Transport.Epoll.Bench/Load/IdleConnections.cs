using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// Opens connections, has one request answered on each, and asks what they cost while they do nothing. Over https each is a TLS connection; a server that can't
/// say what its heap holds has its resident memory alone.
/// </summary>
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

        var figures = new Dictionary<string, double> { ["resident bytes per connection"] = (double)(during.Resident - before.Resident) / connections };
        if (server.Can(Ability.Info))
        {
            figures["managed bytes per connection"] = (double)(during.Heap - before.Heap) / connections;
        }

        return new LoadResult(connections, clock.Elapsed.TotalSeconds, Errors: 0, Figures: figures);
    }

    private static async Task<(long Heap, long Resident)> ReadAsync(ServerProcess server, CancellationToken cancellation)
    {
        var heap = 0L;
        if (server.Can(Ability.Info))
        {
            // Twice: what a finalizer of the first collection let go of is freed by the second.
            await ServerInfo.ReadAsync(server, collect: true, cancellation);
            heap = (await ServerInfo.ReadAsync(server, collect: true, cancellation)).HeapBytes;
        }

        return (heap, server.Usage().ResidentBytes);
    }

    private static async Task WithConnectionsAsync(ServerProcess server, string path, int count, Func<Task> action, CancellationToken cancellation)
    {
        var streams = new Stream?[count];
        try
        {
            await System.Threading.Tasks.Parallel.ForAsync(
                0,
                count,
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
                async (i, stop) =>
                {
                    streams[i] = await ConnectAsync(server.Address, stop);
                    await AskAsync(streams[i]!, path, stop);
                });
            await action();
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
        {
            throw new BenchException($"{server.Contender.Name}: {e.Message}");
        }
        finally
        {
            // Without a farewell: 8,000 of them would be a load by themselves.
            foreach (var stream in streams)
            {
                stream?.Dispose();
            }
        }
    }

    private static async Task<Stream> ConnectAsync(Uri address, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellation);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (address.Scheme != Uri.UriSchemeHttps)
            {
                return stream;
            }

            tls = new SslStream(stream, leaveInnerStreamOpen: false);
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "localhost", AllowTlsResume = false, RemoteCertificateValidationCallback = ServerCertificate.IsOurs },
                cancellation);
            return tls;
        }
        catch
        {
            tls?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    private static async Task AskAsync(Stream stream, string path, CancellationToken cancellation)
    {
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: idle\r\n\r\n"), cancellation);
        var answer = new byte[1024];
        for (var length = 0; !answer.AsSpan(0, length).EndsWith("Hello, World!"u8);)
        {
            var received = await stream.ReadAsync(answer.AsMemory(length), cancellation);
            length += received > 0 ? received : throw new BenchException("A connection was closed instead of answered.");
        }
    }
}

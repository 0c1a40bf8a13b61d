using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// Opens many short connections from many loopback addresses: each address has its own ephemeral ports, so those that
/// still wait in TIME_WAIT do not run the client out of them (ip(7), tcp(7)).
/// </summary>
internal sealed class LeakClient(int port)
{
    /// <summary>End of the tally key of connections that did not go as they must.</summary>
    public const string Failed = "failed";

    private const int Parallel = 64;
    private const int SourceAddresses = 64;
    private const int AbortedBodyLength = 100_000;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(15);
    private static readonly ConnectionEnding[] s_endings = Enum.GetValues<ConnectionEnding>();
    private static readonly LingerOption s_reset = new(enable: true, seconds: 0);

    private static readonly byte[] s_get = "GET /plaintext HTTP/1.1\r\nHost: leak\r\n\r\n"u8.ToArray();
    private static readonly byte[] s_download = "GET /download/1048576 HTTP/1.1\r\nHost: leak\r\n\r\n"u8.ToArray();
    private static readonly byte[] s_upload =
        [.. "POST /upload HTTP/1.1\r\nHost: leak\r\nContent-Length: 1000000\r\n\r\n"u8, .. new byte[AbortedBodyLength]];

    private readonly ConcurrentDictionary<string, int> _tally = new();

    /// <summary>Opens the connections and returns how many ended in which way.</summary>
    public async Task<IReadOnlyDictionary<string, int>> RunAsync(int connections, CancellationToken cancellation)
    {
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            connections,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, stop) => await OneAsync(i, stop));
        return new SortedDictionary<string, int>(_tally, StringComparer.Ordinal);
    }

    private async Task OneAsync(int index, CancellationToken cancellation)
    {
        var ending = s_endings[index % s_endings.Length];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_limit);
        string outcome;
        try
        {
            using var socket = await ConnectAsync(index, limit.Token);
            outcome = await EndAsync(socket, ending, index / s_endings.Length, limit.Token);
        }
        catch (SocketException e)
        {
            outcome = $"{e.SocketErrorCode} {Failed}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            outcome = $"timed out, {Failed}";
        }

        _tally.AddOrUpdate(outcome.Length == 0 ? $"{ending}" : $"{ending} {outcome}", 1, (_, n) => n + 1);
    }

    private async Task<Socket> ConnectAsync(int index, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // 127.0.0.2 and up: the whole of 127.0.0.0/8 is this machine.
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (index % SourceAddresses))]), 0));
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Plays one connection; what is returned is added to the name of its ending.</summary>
    private static async Task<string> EndAsync(Socket socket, ConnectionEnding ending, int variant, CancellationToken cancellation)
    {
        switch (ending)
        {
            case ConnectionEnding.Fin:
                await socket.SendAsync(s_get, cancellation);
                var complete = await ReadPlaintextAsync(socket, cancellation);
                socket.Shutdown(SocketShutdown.Both);
                return complete ? "" : Failed;

            case ConnectionEnding.Reset:
                await socket.SendAsync(s_get, cancellation);
                var answered = await ReadPlaintextAsync(socket, cancellation);
                socket.LingerState = s_reset;
                return answered ? "" : Failed;

            case ConnectionEnding.HalfClose:
                await socket.SendAsync(s_get, cancellation);
                socket.Shutdown(SocketShutdown.Send);

                // Kestrel may see the end before it has answered and then owes nothing; that it closes is what counts.
                return await ReadPlaintextAsync(socket, cancellation) && await ReadToEndAsync(socket, cancellation) ? "answered" : "closed";

            case ConnectionEnding.AbortRequest:
                var part = variant % 2 == 0 ? s_get.Length / 2 : s_upload.Length;
                await SendAllAsync(socket, (variant % 2 == 0 ? s_get : s_upload).AsMemory(0, part), cancellation);
                if (variant / 2 % 2 == 0)
                {
                    socket.LingerState = s_reset;
                }

                return "";

            case ConnectionEnding.AbortResponse:
                await socket.SendAsync(s_download, cancellation);
                var started = await socket.ReceiveAsync(new byte[4096], cancellation) > 0;
                socket.LingerState = s_reset;
                return started ? "" : Failed;

            default:
                throw new InvalidOperationException($"No such ending: {ending}.");
        }
    }

    private static async Task<bool> ReadPlaintextAsync(Socket socket, CancellationToken cancellation)
    {
        var buffer = new byte[1024];
        for (var length = 0; length < buffer.Length;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
            length += received;
            if (received == 0 || buffer.AsSpan(0, length).EndsWith("Hello, World!"u8))
            {
                return received > 0;
            }
        }

        return false;
    }

    private static async Task<bool> ReadToEndAsync(Socket socket, CancellationToken cancellation) =>
        await socket.ReceiveAsync(new byte[64], cancellation) == 0;

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        while (data.Length > 0)
        {
            data = data[await socket.SendAsync(data, cancellation)..];
        }
    }
}

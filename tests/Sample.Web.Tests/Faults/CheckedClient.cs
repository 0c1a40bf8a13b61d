using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sample.Web.Tests.Faults;

/// <summary>
/// One keep-alive connection of HTTP/1.1 that compares every byte of every answer. Requests are small, large both ways, and pipelined, so that
/// all calls of the transport have their turn.
/// </summary>
internal sealed class CheckedClient : IDisposable
{
    private const int MaxBody = 400_000;
    private const int Pipelined = 4;

    /// <summary>Of every other client, so that the server's sends take a part only.</summary>
    private const int SmallWindow = 16 * 1024;

    private const int ServersChunk = 64 * 1024; // the pattern of /download begins anew with each
    private const string Plaintext = "Hello, World!";

    private readonly Socket _socket;
    private readonly Random _random;
    private readonly byte[] _received = new byte[16 * 1024];
    private int _start;
    private int _end;

    private CheckedClient(Socket socket, Random random)
    {
        _socket = socket;
        _random = random;
    }

    public static async Task<CheckedClient> ConnectAsync(EndPoint server, Random random, CancellationToken cancellation)
    {
        var socket = server is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (random.Next(2) == 0)
        {
            socket.ReceiveBufferSize = SmallWindow; // before the handshake, which tells the server of it (tcp(7))
        }

        try
        {
            await socket.ConnectAsync(server, cancellation);
            return new CheckedClient(socket, random);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (exception is SocketException failure && IsEndOfConnection(failure))
            {
                throw new ServerClosedException(failure.Message, failure);
            }

            throw;
        }
    }

    /// <summary>One exchange of a random kind. Throws <see cref="ServerClosedException"/> when the connection ended before the answer was complete.</summary>
    /// <returns>The number of correct answers.</returns>
    public async Task<int> ExchangeAsync(CancellationToken cancellation)
    {
        try
        {
            switch (_random.Next(4))
            {
                case 0:
                    await PlaintextAsync(1, cancellation);
                    return 1;
                case 1:
                    await PlaintextAsync(Pipelined, cancellation);
                    return Pipelined;
                case 2:
                    await DownloadAsync(_random.Next(MaxBody), cancellation);
                    return 1;
                default:
                    await EchoAsync(_random.Next(1, MaxBody), cancellation);
                    return 1;
            }
        }
        catch (SocketException exception) when (IsEndOfConnection(exception))
        {
            throw new ServerClosedException(exception.Message, exception);
        }
    }

    public void Dispose() => _socket.Dispose();

    public async Task PlaintextAsync(int count, CancellationToken cancellation)
    {
        await SendAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n", count))), cancellation);
        for (var i = 0; i < count; i++)
        {
            await ExpectAsync(Plaintext.Length, at => (byte)Plaintext[at], cancellation);
        }
    }

    private static bool IsEndOfConnection(SocketException exception)
        => exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted;

    private async Task DownloadAsync(int size, CancellationToken cancellation)
    {
        await SendAsync(Encoding.ASCII.GetBytes($"GET /download/{size} HTTP/1.1\r\nHost: localhost\r\n\r\n"), cancellation);
        await ExpectAsync(size, at => (byte)('a' + (at % ServersChunk % 26)), cancellation);
    }

    private async Task EchoAsync(int size, CancellationToken cancellation)
    {
        var body = new byte[size];
        _random.NextBytes(body);
        byte[] request = [.. Encoding.ASCII.GetBytes($"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"), .. body];
        var sending = SendAsync(request, cancellation);
        try
        {
            await ExpectAsync(size, at => body[at], cancellation);
        }
        finally
        {
            await sending.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        await sending;
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, cancellation)..];
        }
    }

    private async Task ExpectAsync(int size, Func<int, byte> expected, CancellationToken cancellation)
    {
        var head = await ReadHeadAsync(cancellation);
        if (head.StartsWith("HTTP/1.1 500 ", StringComparison.Ordinal))
        {
            Assert.Contains("Content-Length: 0\r\n", head, StringComparison.Ordinal);

            // The receive of the body failed before the answer had begun. Kestrel says so, with any transport, and must close then.
            await FillAsync(cancellation);
            Assert.Fail($"More comes after:\n{head}");
        }

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {size}\r\n"), head, StringComparison.Ordinal);
        for (var at = 0; at < size;)
        {
            await FillAsync(cancellation);
            for (; at < size && _start < _end; at++, _start++)
            {
                if (_received[_start] != expected(at))
                {
                    Assert.Fail($"Byte {at} of {size} is wrong:\n{head}");
                }
            }
        }
    }

    private async Task<string> ReadHeadAsync(CancellationToken cancellation)
    {
        var head = new StringBuilder();
        do
        {
            await FillAsync(cancellation);
            head.Append((char)_received[_start++]);
        }
        while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n");

        return head.ToString();
    }

    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        if (_start == _end)
        {
            _start = 0;
            _end = await _socket.ReceiveAsync(_received, cancellation);
            if (_end == 0)
            {
                throw new ServerClosedException("The connection ended with FIN.");
            }
        }
    }
}

/// <summary>The server ended a connection before the answer was complete: a fault may cost that, and nothing else.</summary>
internal sealed class ServerClosedException(string message, Exception? inner = null) : Exception(message, inner);

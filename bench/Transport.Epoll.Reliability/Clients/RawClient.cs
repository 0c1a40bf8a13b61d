using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Transport.Epoll.Reliability.Clients;

/// <summary>A connection under full control: it sees every reset and every missing byte, and repeats nothing. One caller at a time.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly byte[] s_headEnd = "\r\n\r\n"u8.ToArray();

    private readonly Socket _socket;
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    private RawClient(Socket socket) => _socket = socket;

    /// <summary>Whether <see cref="ReadResponseAsync"/> has seen a byte.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>What came and is in no response: of a cut one that has a length, so much of the body.</summary>
    public int Unread => _end - _start;

    /// <param name="endPoint">The server.</param>
    /// <param name="cancellation">Breaks the attempt off.</param>
    /// <param name="receiveBuffer">SO_RCVBUF, which decides how much the server can send to somebody who does not read.</param>
    /// <param name="source">127.0.0.x: each has its own ephemeral ports.</param>
    public static async Task<RawClient> ConnectAsync(EndPoint endPoint, CancellationToken cancellation, int? receiveBuffer = null, IPAddress? source = null)
    {
        var isUnix = endPoint is UnixDomainSocketEndPoint;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (!isUnix)
            {
                socket.NoDelay = true;
            }

            if (receiveBuffer is { } size)
            {
                socket.ReceiveBufferSize = size;
            }

            if (source is not null)
            {
                socket.Bind(new IPEndPoint(source, 0));
            }

            await socket.ConnectAsync(endPoint, cancellation);
            return new RawClient(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task SendAsync(string text, CancellationToken cancellation) => SendAsync(Encoding.ASCII.GetBytes(text), cancellation);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await _socket.SendAsync(bytes, cancellation)..];
        }
    }

    /// <summary>Sends to a server that may end the connection meanwhile.</summary>
    public async Task SendUnlessEndedAsync(ReadOnlyMemory<byte> bytes, bool thenHalfClose, CancellationToken cancellation)
    {
        try
        {
            await SendAsync(bytes, cancellation);
            if (thenHalfClose)
            {
                HalfClose();
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.NotConnected)
        {
            // It has had enough: reading shows how it ended.
        }
    }

    /// <summary>Says FIN and goes on reading.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The same connection, for TLS. Closes it.</summary>
    public Stream AsStream() => new NetworkStream(_socket, ownsSocket: true);

    /// <summary>Closes with RST instead of FIN.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Dispose();
    }

    /// <summary>Reads one response with a length or in chunks; throws when the connection ends before.</summary>
    public async Task<RawResponse> ReadResponseAsync(CancellationToken cancellation)
    {
        int headLength;
        while ((headLength = Pending.IndexOf(s_headEnd)) < 0)
        {
            await FillAsync(cancellation);
        }

        var head = Encoding.ASCII.GetString(Pending[..headLength]);
        _start += headLength + s_headEnd.Length;
        var status = int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        var body = Header(head, "Content-Length") is { } length
            ? await TakeAsync(int.Parse(length, CultureInfo.InvariantCulture), cancellation)
            : Header(head, "Transfer-Encoding") is not null ? await TakeChunksAsync(cancellation) : [];
        return new RawResponse(status, head, body);
    }

    /// <summary>Receives and drops that many bytes; false when the connection ends before.</summary>
    public async Task<bool> SkipAsync(long count, CancellationToken cancellation)
    {
        count -= _end - _start;
        _start = _end = 0;
        for (var scrap = new byte[64 * 1024]; count > 0;)
        {
            var received = await _socket.ReceiveAsync(scrap.AsMemory(0, (int)Math.Min(count, scrap.Length)), cancellation);
            if (received == 0)
            {
                return false;
            }

            count -= received;
        }

        return true;
    }

    /// <summary>Drops all that still comes and tells how it ended.</summary>
    public async Task<(PeerEnd End, long Received)> ReadToEndAsync(CancellationToken cancellation)
    {
        long total = _end - _start;
        try
        {
            for (var scrap = new byte[64 * 1024]; ;)
            {
                var received = await _socket.ReceiveAsync(scrap, cancellation);
                if (received == 0)
                {
                    return (PeerEnd.Closed, total);
                }

                total += received;
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return (PeerEnd.Reset, total);
        }
    }

    public void Dispose() => _socket.Dispose();

    private Span<byte> Pending => _buffer.AsSpan(_start, _end - _start);

    private static string? Header(string head, string name) =>
        head.Split("\r\n").FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    private async Task<byte[]> TakeAsync(int count, CancellationToken cancellation)
    {
        while (_end - _start < count)
        {
            await FillAsync(cancellation);
        }

        var taken = Pending[..count].ToArray();
        _start += count;
        return taken;
    }

    private async Task<byte[]> TakeChunksAsync(CancellationToken cancellation)
    {
        var body = new List<byte>();
        for (int size; ;)
        {
            int lineLength;
            while ((lineLength = Pending.IndexOf("\r\n"u8)) < 0)
            {
                await FillAsync(cancellation);
            }

            size = int.Parse(Encoding.ASCII.GetString(Pending[..lineLength]), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            _start += lineLength + 2;
            body.AddRange((await TakeAsync(size + 2, cancellation)).AsSpan(0, size));
            if (size == 0)
            {
                return [.. body];
            }
        }
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        if (_start > 0)
        {
            Pending.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var received = await _socket.ReceiveAsync(_buffer.AsMemory(_end), cancellation);
        HasReceived |= received > 0;
        _end += received > 0 ? received : throw new IOException(_end == 0 ? "closed without an answer" : $"closed after {_end} bytes of an answer");
    }
}

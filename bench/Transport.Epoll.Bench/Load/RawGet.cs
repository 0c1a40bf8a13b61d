using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// GET of one address on one connection, as cheap as a client in .NET can be: under pressure it shares the processors with the server. One
/// request at a time; disposing <see cref="Connection"/>, which anybody may, ends the one that is on it.
/// </summary>
internal sealed class RawGet(Uri address) : IDisposable
{
    private readonly byte[] _request = Encoding.ASCII.GetBytes($"GET {address.AbsolutePath} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    private readonly byte[] _answer = new byte[16 * 1024];
    private volatile Socket? _socket;

    /// <summary>Null when there is none.</summary>
    public IDisposable? Connection => _socket;

    /// <summary>Connects where the last answer, or its lack, ended the connection.</summary>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        if (_socket is not null)
        {
            return;
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellation);
            _socket = socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends the request and reads the whole answer; returns its status. An <see cref="IOException"/> says that there was none.</summary>
    public async Task<int> RequestAsync(CancellationToken cancellation)
    {
        var socket = _socket ?? throw new IOException("The connection is broken.");
        var whole = false;
        try
        {
            await socket.SendAsync(_request, cancellation);
            var length = 0;
            while (true)
            {
                var received = await socket.ReceiveAsync(_answer.AsMemory(length), cancellation);
                length += received;
                if (TryRead(_answer.AsSpan(0, length), out var status, out var keeps))
                {
                    whole = keeps;
                    return status;
                }

                if (received == 0)
                {
                    throw new IOException($"The connection ended after {length} bytes of an answer.");
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException(e.Message, e);
        }
        finally
        {
            if (!whole)
            {
                Break();
            }
        }
    }

    /// <summary>The next request needs another connection.</summary>
    public void Break()
    {
        _socket?.Dispose();
        _socket = null;
    }

    public void Dispose() => Break();

    /// <summary>False while a part is missing. Only bodies with a length: all contenders send them so.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> answer, out int status, out bool keeps)
    {
        (status, keeps) = (0, true);
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0 || answer.Length == 0)
        {
            return false;
        }

        if (!answer.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(answer["HTTP/1.1 ".Length..], out status, out _))
        {
            throw new IOException("The answer is no HTTP/1.1.");
        }

        var head = answer[..(end + 2)];
        var length = -1;
        while (head.Length > 0)
        {
            var line = head[..head.IndexOf("\r\n"u8)];
            head = head[(line.Length + 2)..];
            if (HasName(line, "Content-Length: "u8))
            {
                _ = Utf8Parser.TryParse(line["Content-Length: ".Length..], out length, out _);
            }
            else if (HasName(line, "Connection: close"u8))
            {
                keeps = false;
            }
        }

        return length >= 0 ? answer.Length >= end + 4 + length : throw new IOException("The answer has no length.");
    }

    private static bool HasName(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length >= name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Transport.Epoll.Tests.Support;

/// <summary>A client without a protocol: sends bytes, FIN or RST, and tells how the other side ended.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;

    private RawClient(Socket socket) => _socket = socket;

    public Socket Socket => _socket;

    public static async Task<RawClient> ConnectAsync(EndPoint endPoint, int? receiveBufferSize = null)
    {
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (receiveBufferSize is { } size)
            {
                socket.ReceiveBufferSize = size;
            }

            await socket.ConnectAsync(endPoint).WithTimeout();
            return new RawClient(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await _socket.SendAsync(bytes).WithTimeout()..];
        }
    }

    /// <summary>Sends until the other side stops taking any, and says how much it took.</summary>
    public long SendUntilBlocked(long limit)
    {
        var chunk = new byte[64 * 1024];
        long sent = 0;
        _socket.Blocking = false;
        while (sent < limit)
        {
            var count = _socket.Send(chunk, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                break;
            }

            Assert.Equal(SocketError.Success, error);
            sent += count;
        }

        return sent;
    }

    public void Fin() => _socket.Shutdown(SocketShutdown.Send);

    public void Reset()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Dispose();
    }

    public async Task<string> ReadTextAsync(int count)
    {
        var bytes = await ReadAsync(count);
        return Encoding.ASCII.GetString(bytes);
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var read = await _socket.ReceiveAsync(bytes.AsMemory(filled)).WithTimeout();
            Assert.True(read > 0, $"FIN after {filled} of {count} bytes: {Encoding.ASCII.GetString(bytes, 0, filled)}");
            filled += read;
        }

        return bytes;
    }

    /// <summary>Reads up to and including the given text.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            var read = await _socket.ReceiveAsync(one).WithTimeout();
            Assert.True(read > 0, $"FIN before '{end}': {text}");
            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    /// <summary>Reads to the FIN; a reset fails.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        var (bytes, reset) = await ReadToEndOrResetAsync();
        Assert.False(reset, $"RST after {bytes.Length} bytes");
        return bytes;
    }

    public async Task ExpectResetAsync()
    {
        var (bytes, reset) = await ReadToEndOrResetAsync();
        Assert.True(reset, $"FIN instead of RST after {bytes.Length} bytes");
    }

    /// <summary>Reads until the other side ends in whichever way.</summary>
    public async Task<(byte[] Bytes, bool Reset)> ReadToEndOrResetAsync()
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            try
            {
                var read = await _socket.ReceiveAsync(buffer).WithTimeout();
                if (read == 0)
                {
                    return (all.ToArray(), Reset: false);
                }

                all.Write(buffer, 0, read);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
            {
                return (all.ToArray(), Reset: true);
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}

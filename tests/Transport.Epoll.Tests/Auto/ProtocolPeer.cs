using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto;

/// <summary>What runs above a connection.</summary>
public enum Protocol
{
    Http,
    HttpOverUnixSocket,
    HttpOverTls,
    WebSocket,
    ConnectionHandler,
    ConnectionHandlerOverUnixSocket,
}

/// <summary>A client that asks in one of the protocols. Every answer is <see cref="Answer"/>.</summary>
internal sealed class ProtocolPeer : IDisposable
{
    public const string Answer = "<done>";
    public const string Block = "block";

    private const string Quick = "quick";
    private const string Upgrade = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n";

    private readonly Protocol _protocol;
    private readonly Stream _stream;

    private ProtocolPeer(Protocol protocol, Stream stream)
    {
        _protocol = protocol;
        _stream = stream;
    }

    public static async Task<ProtocolPeer> ConnectAsync(Protocol protocol, EndPoint endPoint)
    {
        var client = await RawClient.ConnectAsync(endPoint);
        Stream stream = new NetworkStream(client.Socket, ownsSocket: true);
        if (protocol == Protocol.HttpOverTls)
        {
            var tls = new SslStream(stream, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
            await tls.AuthenticateAsClientAsync("localhost").WithTimeout();
            stream = tls;
        }

        var peer = new ProtocolPeer(protocol, stream);
        if (protocol == Protocol.WebSocket)
        {
            await peer.SendAsync(Encoding.ASCII.GetBytes(Upgrade));
            await peer.ReadUntilAsync("\r\n\r\n");
        }

        return peer;
    }

    /// <summary>Asks for what is answered at once.</summary>
    public Task AskAsync() => AskAsync(Quick);

    /// <summary>Asks for what may hold up the loop.</summary>
    public Task AskToBlockAsync() => AskAsync(Block);

    public void Dispose() => _stream.Dispose();

    private async Task AskAsync(string what)
    {
        await SendAsync(_protocol switch
        {
            Protocol.WebSocket => [0x81, (byte)(0x80 | what.Length), 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(what)], // a text frame, masked with zeros (RFC 6455, 5.2)
            Protocol.ConnectionHandler or Protocol.ConnectionHandlerOverUnixSocket => Encoding.ASCII.GetBytes(what),
            _ => Encoding.ASCII.GetBytes($"GET /{what} HTTP/1.1\r\nHost: x\r\n\r\n"),
        });
        await ReadUntilAsync(_protocol is Protocol.Http or Protocol.HttpOverTls or Protocol.HttpOverUnixSocket ? $"\r\n\r\n{Answer}" : Answer);
    }

    private Task SendAsync(byte[] bytes) => _stream.WriteAsync(bytes).WithTimeout();

    private async Task ReadUntilAsync(string end)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            var read = await _stream.ReadAsync(one).WithTimeout(2 * Waiting.Limit);
            Assert.True(read > 0, $"The end before '{end}': {text}");
            text.Append((char)one[0]);
        }
    }
}

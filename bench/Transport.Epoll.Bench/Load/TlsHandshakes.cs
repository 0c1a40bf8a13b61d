using System.Net.Security;
using System.Net.Sockets;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// A connection, a full TLS handshake, one request and the close, again and again. The server closes first: the ports that wait in TIME_WAIT
/// are its own, and clients don't run out of theirs (tcp(7)).
/// </summary>
internal sealed class TlsHandshakes(Uri address) : IClient
{
    private readonly byte[] _request = [.. "GET "u8, .. System.Text.Encoding.ASCII.GetBytes(address.AbsolutePath), .. " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8];
    private readonly byte[] _answer = new byte[4096];

    public async Task RequestAsync(CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port, cancellation);
        await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                AllowTlsResume = false,
                RemoteCertificateValidationCallback = ServerCertificate.IsOurs,
            },
            cancellation);
        await tls.WriteAsync(_request, cancellation);
        var length = 0;
        while (await tls.ReadAsync(_answer.AsMemory(length), cancellation) is > 0 and var read)
        {
            length += read;
        }

        if (!_answer.AsSpan(0, length).StartsWith("HTTP/1.1 200 "u8))
        {
            throw new IOException("The answer is not the one that was expected.");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

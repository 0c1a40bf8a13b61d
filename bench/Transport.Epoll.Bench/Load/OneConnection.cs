using System.Net.Sockets;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>The .NET client as these loads use it: one connection, no more than what was asked for in a request.</summary>
internal static class OneConnection
{
    /// <param name="unixSocket">Where to connect to instead of the port of the address.</param>
    public static HttpMessageInvoker NewClient(string? unixSocket = null) => new(new SocketsHttpHandler
    {
        ConnectCallback = unixSocket is null ? null : (_, cancellation) => ConnectAsync(unixSocket, cancellation),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        MaxConnectionsPerServer = 1,
        ActivityHeadersPropagator = null,
        SslOptions = { RemoteCertificateValidationCallback = ServerCertificate.IsOurs },
    });

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

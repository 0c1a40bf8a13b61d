using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>The .NET client as these loads use it: one connection, no more than what was asked for in a request.</summary>
internal static class OneConnection
{
    /// <param name="unixSocket">Where to connect to instead of the port of the address.</param>
    public static HttpMessageInvoker NewClient(string? unixSocket = null) => new(new SocketsHttpHandler
    {
        ConnectCallback = unixSocket is null ? null : async (_, cancellation) => await UnixSocket.ConnectAsync(unixSocket, cancellation),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        MaxConnectionsPerServer = 1,
        ActivityHeadersPropagator = null,
        SslOptions = { RemoteCertificateValidationCallback = ServerCertificate.IsOurs },
    });
}

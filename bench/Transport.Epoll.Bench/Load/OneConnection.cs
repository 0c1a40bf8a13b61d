using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>The .NET client as these loads use it: one connection, no more than what was asked for in a request.</summary>
internal static class OneConnection
{
    public static HttpMessageInvoker NewClient() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        MaxConnectionsPerServer = 1,
        ActivityHeadersPropagator = null,
        SslOptions = { RemoteCertificateValidationCallback = ServerCertificate.IsOurs },
    });
}

using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Sample.Web.Dashboard;

/// <summary>This server, as the one who asked reached it. What is sent there never leaves the machine.</summary>
internal sealed record TrialTarget(EndPoint EndPoint, bool IsHttps, Version Version)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    /// <summary>Takes the connection's own end, never what the Host header says: that may be another server.</summary>
    public static bool TryFind(HttpContext context, [NotNullWhen(true)] out TrialTarget? target)
    {
        var isHttp2 = context.Request.Protocol == HttpProtocol.Http2;
        var own = context.Connection.LocalIpAddress is { } address
            ? new IPEndPoint(address, context.Connection.LocalPort)
            : context.Features.Get<IConnectionSocketFeature>()?.Socket.LocalEndPoint; // a unix socket
        target = own is not null && context.Request.Protocol != HttpProtocol.Http3
            ? new TrialTarget(own, context.Request.IsHttps, isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11)
            : null;
        return target is not null;
    }

    /// <summary>A client with a connection of its own.</summary>
    public HttpClient CreateClient()
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = (_, ended) => ConnectAsync(ended),
#pragma warning disable CA5359 // The other end is this process: its certificate proves nothing.
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
        };
        return new HttpClient(handler)
        {
            BaseAddress = new Uri(IsHttps ? "https://localhost/" : "http://localhost/"),
            DefaultRequestVersion = Version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = s_limit,
        };
    }

    private async ValueTask<Stream> ConnectAsync(CancellationToken ended)
    {
        var socket = EndPoint.AddressFamily == AddressFamily.Unix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(EndPoint, ended);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

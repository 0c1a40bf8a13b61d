using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>A host with one endpoint that speaks TLS by <c>UseEpollHttps</c>, and what its tests ask of it.</summary>
internal static class HttpsHost
{
    public static Task<TestHost> StartAsync(TransportKind kind, Action<HttpsConnectionAdapterOptions>? configure = null,
        Action<WebApplication>? routes = null, Action<ListenOptions>? configureListen = null)
        => TestHost.StartAsync(kind, app =>
        {
            Map(app);
            routes?.Invoke(app);
        },
        kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.UseTls(own: true, configure);
            configureListen?.Invoke(listen);
        }));

    /// <summary>TLS by <c>UseEpollHttps</c>, or, to compare, by <c>UseHttps</c>; with the tests' certificate.</summary>
    public static ListenOptions UseTls(this ListenOptions listen, bool own, Action<HttpsConnectionAdapterOptions>? configure = null)
    {
        return own ? listen.UseEpollHttps(Configure) : listen.UseHttps(Configure);

        void Configure(HttpsConnectionAdapterOptions https)
        {
            https.ServerCertificate = TestCertificates.Server;
            configure?.Invoke(https);
        }
    }

    /// <summary>What <c>/bytes/N</c> answers.</summary>
    public static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/", (HttpContext context) => context.Request.Scheme);
        app.MapGet("/bytes/{count:int}", async (HttpContext context, int count) =>
        {
            context.Response.ContentLength = count;
            await context.Response.Body.WriteAsync(Bytes(count));
        });
        app.MapPost("/echo", async (HttpContext context) =>
        {
            // Not a byte back before all has come: a client may send its whole body before it reads.
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);
            await context.Response.Body.WriteAsync(body.ToArray());
        });
    }
}

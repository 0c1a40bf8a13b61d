using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>Bodies that fit no buffer, checked by hash.</summary>
public sealed class BodyTests
{
    private const int Size = 20 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly Lazy<byte[]> Body = new(() => RandomNumberGenerator.GetBytes(Size));

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Upload_LargerThanEveryBuffer_ArrivesWhole(TransportKind kind)
    {
        await using var host = await StartAsync(kind, HttpProtocols.Http1, tls: false);
        using var client = host.CreateClient();
        using var content = new ByteArrayContent(Body.Value);
        using var response = await client.PostAsync(new Uri(host.Address, "hash"), content).WithTimeout(Limit);
        Assert.Equal(HashOf(Body.Value), await response.Content.ReadAsStringAsync().WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Download_LargerThanEveryBuffer_ArrivesWhole(TransportKind kind)
    {
        await using var host = await StartAsync(kind, HttpProtocols.Http1, tls: false);
        using var client = host.CreateClient();
        Assert.Equal(HashOf(Body.Value), HashOf(await client.GetByteArrayAsync(new Uri(host.Address, "body")).WithTimeout(Limit)));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Echo_BothDirectionsAtOnceHttp1_ComesBackUnchanged(TransportKind kind)
    {
        await using var host = await StartAsync(kind, HttpProtocols.Http1, tls: false);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(host.EndPoint).WithTimeout();
        await ExpectEchoAsync(tcp.GetStream());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Echo_BothDirectionsAtOnceOverTls_ComesBackUnchanged(TransportKind kind)
    {
        await using var host = await StartAsync(kind, HttpProtocols.Http1, tls: true);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(host.EndPoint).WithTimeout();
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync("localhost").WithTimeout();
        await ExpectEchoAsync(tls);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Echo_BothDirectionsAtOnceHttp2_ComesBackUnchanged(TransportKind kind)
    {
        await using var host = await StartAsync(kind, HttpProtocols.Http2, tls: false);
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, "echo"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new DuplexContent(),
        };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WithTimeout();
        await using var body = await response.Content.ReadAsStreamAsync().WithTimeout();
        Assert.Equal(HashOf(Body.Value), Convert.ToHexString(await SHA256.HashDataAsync(body).WithTimeout(Limit)));
    }

    private static async Task ExpectEchoAsync(Stream stream)
    {
        var head = $"POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {Size}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head)).WithTimeout();
        var sending = stream.WriteAsync(Body.Value).AsTask();
        var answer = new byte[Size + 4096];
        var length = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false).WithTimeout(Limit);
        await sending.WithTimeout();
        var bodyStart = answer.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        Assert.Equal(Size, length - bodyStart);
        Assert.Equal(HashOf(Body.Value), HashOf(answer.AsSpan(bodyStart, Size)));
    }

    private static Task<TestHost> StartAsync(TransportKind kind, HttpProtocols protocol, bool tls) => TestHost.StartAsync(
        kind,
        app =>
        {
            app.MapPost("/hash", async (HttpContext context) =>
                await context.Response.WriteAsync(Convert.ToHexString(await SHA256.HashDataAsync(context.Request.Body))));
            app.MapGet("/body", (HttpContext context) => context.Response.Body.WriteAsync(Body.Value).AsTask());
            app.MapPost("/echo", (HttpContext context) =>
            {
                context.Response.ContentLength = Size;
                return context.Request.Body.CopyToAsync(context.Response.Body);
            });
        },
        kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = protocol;
                if (tls)
                {
                    listen.UseHttps(TestCertificates.Server);
                }
            });
        });

    private static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    /// <summary>Content that is still being sent while the response comes in.</summary>
    private sealed class DuplexContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(Body.Value).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = Size;
            return true;
        }
    }
}

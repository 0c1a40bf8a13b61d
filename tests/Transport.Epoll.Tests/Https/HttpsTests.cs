using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Configuration;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>What <c>UseEpollHttps</c> promises: the options, defaults and features of <c>UseHttps</c>.</summary>
public sealed class HttpsTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_UseEpollHttps_IsServedAndTheAddressSaysHttps(TransportKind kind)
    {
        await using var host = await HttpsHost.StartAsync(kind);
        using var client = host.CreateClient();

        Assert.Equal("https", host.Address.Scheme);
        Assert.Equal("https", await client.GetStringAsync(new Uri("/", UriKind.Relative)).WithTimeout());
        await host.Logs.WaitForAsync(TransportKind.EpollAuto, 62); // so it was not Kestrel's own middleware
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_OverHttp2_AnswersAllStreams(TransportKind kind)
    {
        const int Streams = 100;
        await using var host = await HttpsHost.StartAsync(kind);
        using var client = Http2Client(host);

        for (var round = 0; round < 3; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, Streams).Select(async number =>
            {
                using var answer = await client.GetAsync(new Uri($"/bytes/{number * 337}", UriKind.Relative));
                Assert.Equal(HttpVersion.Version20, answer.Version);
                return await answer.Content.ReadAsByteArrayAsync();
            })).WithTimeout();

            Assert.All(answers, (answer, number) => Assert.Equal(HttpsHost.Bytes(number * 337), answer));
        }
    }

    /// <summary>Not a record for each of them, which is what HTTP/2 flushes.</summary>
    [Fact]
    public async Task Get_OverHttp2WithManyStreams_AnswersShareRecords()
    {
        const int Streams = 64;
        const int Rounds = 40;
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto);
        WireStream? wire = null;
        using var client = Http2Client(host, configure: handler => handler.ConnectCallback = async (context, cancellation) =>
        {
            Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return wire = new WireStream(new NetworkStream(socket, ownsSocket: true));
        });

        for (var round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => client.GetStringAsync(new Uri("/", UriKind.Relative)))).WithTimeout();
        }

        Assert.InRange(wire!.Records.Count, 1, (Streams * Rounds) - 1);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Post_MegabytesOverHttp2AndHttp1_ComeBack(TransportKind kind)
    {
        await using var host = await HttpsHost.StartAsync(kind);
        var body = HttpsHost.Bytes(3_000_000);
        foreach (var version in new[] { HttpVersion.Version20, HttpVersion.Version11 })
        {
            using var client = Http2Client(host, version);
            using var content = new ByteArrayContent(body);
            using var answer = await client.PostAsync(new Uri("/echo", UriKind.Relative), content).WithTimeout();

            Assert.Equal(version, answer.Version);
            Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync().WithTimeout());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_Http1Only_OffersNoHttp2(TransportKind kind)
    {
        await using var host = await HttpsHost.StartAsync(kind, configureListen: listen => listen.Protocols = HttpProtocols.Http1); // after UseEpollHttps
        using var client = Http2Client(host, policy: HttpVersionPolicy.RequestVersionOrLower);

        using var answer = await client.GetAsync(new Uri("/", UriKind.Relative)).WithTimeout();

        Assert.Equal(HttpVersion.Version11, answer.Version);
    }

    [Fact]
    public async Task Download_OneMebibyte_ComesInWholeRecords()
    {
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto);
        await using var client = await TlsClient.ConnectAsync(host);
        var handshake = client.Wire.Records.Count;

        await client.GetAsync("/bytes/1048576");
        var answer = await client.ReadToEndAsync();

        Assert.Equal(HttpsHost.Bytes(1 << 20), answer[^(1 << 20)..]);
        Assert.InRange(client.Wire.Records.Count - handshake, 64, 72); // Kestrel's own makes some 257
    }

    /// <summary>Kestrel's own middleware, in the blocks that this transport hands it.</summary>
    [Fact]
    public async Task Download_UseHttps_ComesInWholeRecords()
    {
        await using var host = await TestHost.StartAsync(
            TransportKind.EpollAuto,
            app => app.MapGet("/", async (HttpContext context) => await context.Response.Body.WriteAsync(HttpsHost.Bytes(1 << 20))),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(TestCertificates.Server)));
        await using var client = await TlsClient.ConnectAsync(host);
        var handshake = client.Wire.Records.Count;

        await client.GetAsync("/");
        await client.ReadToEndAsync();

        Assert.InRange(client.Wire.Records.Count - handshake, 64, 72);
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Features_OfTheConnection_TellOfTls(TransportKind kind)
    {
        await using var host = await HttpsHost.StartAsync(kind, https => https.SslProtocols = SslProtocols.Tls12, app => app.MapGet("/features", (HttpContext context) =>
        {
            var handshake = context.Features.Get<ITlsHandshakeFeature>()!;
            return $"{handshake.Protocol} {handshake.HostName} {handshake.NegotiatedCipherSuite is not null} {context.Features.Get<ISslStreamFeature>()!.SslStream.IsServer} " +
                $"{context.Features.Get<ITlsConnectionFeature>()!.ClientCertificate is null}";
        }));
        await using var client = await TlsClient.ConnectAsync(host);

        await client.GetAsync("/features");

        Assert.EndsWith("Tls12 localhost True True True\r\n0\r\n\r\n", await client.ReadTextToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Options_DefaultsOfTheServerAndOnAuthenticate_Hold(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.MapGet("/", (HttpContext context) => context.Features.Get<ITlsHandshakeFeature>()!.Protocol.ToString()),
            kestrel =>
            {
                kestrel.ConfigureHttpsDefaults(https =>
                {
                    https.ServerCertificate = TestCertificates.Server;
                    https.OnAuthenticate = (_, options) => options.EnabledSslProtocols = SslProtocols.Tls12;
                });
                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseEpollHttps());
            });
        using var client = host.CreateClient();

        Assert.Equal("Tls12", await client.GetStringAsync(host.Address).WithTimeout());
    }

    [Fact]
    public async Task Options_ClientHelloCallback_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<NotSupportedException>(() => HttpsHost.StartAsync(TransportKind.EpollAuto, https => https.TlsClientHelloBytesCallback = (_, _) => { }));

        Assert.Contains("TlsClientHelloBytesCallback", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://127.0.0.1:0", null, null)]
    [InlineData("https://127.0.0.1:0", "Sni:a.test:SslProtocols:0", "Sni")]
    [InlineData("http://127.0.0.1:0", null, "does not begin with https")]
    public async Task Endpoint_OfTheConfiguration_IsServedOrRefused(string url, string? more, string? refusal)
    {
        Dictionary<string, string?> values = new() { ["Endpoints:Mine:Url"] = url };
        if (more is not null)
        {
            values[$"Endpoints:Mine:{more}"] = "Tls13";
        }

        Task<TestHost> StartAsync() => TestHost.StartAsync(TransportKind.EpollAuto, app => app.MapGet("/", (HttpContext context) => context.Request.Scheme), kestrel =>
        {
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = TestCertificates.Server);
            kestrel.Configure(new ConfigurationBuilder().AddInMemoryCollection(values).Build()).Endpoint("Mine", endpoint => endpoint.UseEpollHttps());
        });

        if (refusal is not null)
        {
            var exception = await Assert.ThrowsAnyAsync<Exception>(StartAsync);
            Assert.Contains(refusal, exception.Message, StringComparison.Ordinal);
            Assert.Contains("Mine", exception.Message, StringComparison.Ordinal);
            return;
        }

        await using var host = await StartAsync();
        using var client = host.CreateClient();
        Assert.Equal("https", await client.GetStringAsync(host.Address).WithTimeout());
        await host.Logs.WaitForAsync(TransportKind.EpollAuto, 62);
    }

    [Fact]
    public async Task Options_NoCertificate_AreRefusedAsByKestrel()
        => await Assert.ThrowsAsync<InvalidOperationException>(() => HttpsHost.StartAsync(TransportKind.EpollAuto, https => https.ServerCertificate = null));

    private static HttpClient Http2Client(TestHost host, Version? version = null, HttpVersionPolicy policy = HttpVersionPolicy.RequestVersionExact,
        Action<SocketsHttpHandler>? configure = null)
    {
        var client = host.CreateClient(configure);
        client.DefaultRequestVersion = version ?? HttpVersion.Version20;
        client.DefaultVersionPolicy = policy;
        return client;
    }
}

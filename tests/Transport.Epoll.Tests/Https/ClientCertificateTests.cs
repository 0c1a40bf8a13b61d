using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>Client certificates with <c>UseEpollHttps</c>: asked for in the handshake, or later.</summary>
public sealed class ClientCertificateTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Required_WithAndWithout_IsServedAndRefused(TransportKind kind)
    {
        await using var host = await StartAsync(kind, ClientCertificateMode.RequireCertificate);
        using var with = host.CreateClient(handler => handler.SslOptions.ClientCertificates = TlsClient.Certificates(TestCertificates.Client));
        using var without = host.CreateClient();

        Assert.Equal(TestCertificates.Client.Thumbprint, await with.GetStringAsync(new Uri("/now", UriKind.Relative)).WithTimeout());
        await Assert.ThrowsAsync<HttpRequestException>(() => without.GetStringAsync(new Uri("/now", UriKind.Relative)).WithTimeout());
        await host.Logs.WaitForAsync(TransportKind.EpollAuto, 60);
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Allowed_Without_IsServed(TransportKind kind)
    {
        await using var host = await StartAsync(kind, ClientCertificateMode.AllowCertificate);
        using var client = host.CreateClient();

        Assert.Equal("none", await client.GetStringAsync(new Uri("/now", UriKind.Relative)).WithTimeout());
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Required_OneThatTheValidationRefuses_IsNotServed(TransportKind kind)
    {
        using var foreign = TestCertificates.Create("foreign");
        await using var host = await StartAsync(kind, ClientCertificateMode.RequireCertificate);
        using var client = host.CreateClient(handler => handler.SslOptions.ClientCertificates = TlsClient.Certificates(foreign));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("/now", UriKind.Relative)).WithTimeout());
    }

    [Theory]
    [InlineData(TransportKind.Sockets, SslProtocols.Tls12)]
    [InlineData(TransportKind.EpollAuto, SslProtocols.Tls12)]
    [InlineData(TransportKind.EpollInline, SslProtocols.Tls12)]
    [InlineData(TransportKind.EpollThreadPool, SslProtocols.Tls12)]
    [InlineData(TransportKind.EpollAuto, SslProtocols.Tls13)]
    [InlineData(TransportKind.EpollInline, SslProtocols.Tls13)]
    [InlineData(TransportKind.EpollThreadPool, SslProtocols.Tls13)]
    public async Task Delayed_AskedForInTheRequest_ComesThen(TransportKind kind, SslProtocols protocol)
    {
        await using var host = await StartAsync(kind, ClientCertificateMode.DelayCertificate);
        await using var client = await TlsClient.ConnectAsync(host, options =>
        {
            options.ClientCertificates = TlsClient.Certificates(TestCertificates.Client);
            options.EnabledSslProtocols = protocol;
            options.AllowRenegotiation = true;
            options.AllowTlsResume = false; // a session that is resumed has the certificate from before
        });

        await client.GetAsync("/late");

        var answer = await client.ReadTextToEndAsync();
        var certificate = TestCertificates.Client.Thumbprint;
        Assert.Equal($"none then {certificate} then {certificate}", answer.Split('\n').First(line => line.StartsWith("none", StringComparison.Ordinal)).TrimEnd());
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Delayed_OverHttp2_IsNeverAskedFor(TransportKind kind)
    {
        await using var host = await StartAsync(kind, ClientCertificateMode.DelayCertificate);
        using var client = host.CreateClient(handler => handler.SslOptions.ClientCertificates = TlsClient.Certificates(TestCertificates.Client));
        client.DefaultRequestVersion = HttpVersion.Version20;

        Assert.Equal("none then none then none", await client.GetStringAsync(new Uri("/late", UriKind.Relative)).WithTimeout());
    }

    /// <summary>Nobody has signed it but itself.</summary>
    [Fact]
    public async Task Required_NoValidationOfTheApplication_OneThatNobodyTrustsIsRefused()
    {
        await using var host = await StartAsync(TransportKind.EpollAuto, ClientCertificateMode.RequireCertificate, https => https.ClientCertificateValidation = null);
        using var client = host.CreateClient(handler => handler.SslOptions.ClientCertificates = TlsClient.Certificates(TestCertificates.Client));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("/now", UriKind.Relative)).WithTimeout());
        await host.Logs.WaitForAsync(TransportKind.EpollAuto, 60);
    }

    [Fact]
    public async Task Required_WithASelector_IsServedAndRefused()
    {
        await using var host = await StartAsync(TransportKind.EpollAuto, ClientCertificateMode.RequireCertificate, https => https.ServerCertificateSelector = (_, _) => TestCertificates.Server);
        for (var i = 0; i < 3; i++) // from the second time on with what was kept
        {
            using var with = host.CreateClient(handler => handler.SslOptions.ClientCertificates = TlsClient.Certificates(TestCertificates.Client));
            using var without = host.CreateClient();

            Assert.Equal(TestCertificates.Client.Thumbprint, await with.GetStringAsync(new Uri("/now", UriKind.Relative)).WithTimeout());
            await Assert.ThrowsAsync<HttpRequestException>(() => without.GetStringAsync(new Uri("/now", UriKind.Relative)).WithTimeout());
        }
    }

    private static Task<TestHost> StartAsync(TransportKind kind, ClientCertificateMode mode, Action<HttpsConnectionAdapterOptions>? more = null) => HttpsHost.StartAsync(
        kind,
        https =>
        {
            https.ClientCertificateMode = mode;
            https.ClientCertificateValidation = (certificate, _, errors) => errors != SslPolicyErrors.None && certificate.Thumbprint == TestCertificates.Client.Thumbprint;
            more?.Invoke(https);
        },
        app =>
        {
            app.MapGet("/now", (HttpContext context) => context.Connection.ClientCertificate?.Thumbprint ?? "none");
            app.MapGet("/late", async (HttpContext context) =>
            {
                var before = context.Connection.ClientCertificate?.Thumbprint ?? "none";
                var first = (await context.Connection.GetClientCertificateAsync())?.Thumbprint ?? "none";
                var again = (await context.Connection.GetClientCertificateAsync())?.Thumbprint ?? "none";
                return $"{before} then {first} then {again}";
            });
        });
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Transport.Epoll.Https;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>Which certificate a client gets, and what is made of it once.</summary>
public sealed class CertificateTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Selector_ByServerName_PresentsTheMatchingCertificate(TransportKind kind)
    {
        using var first = TestCertificates.Create("first.test");
        using var second = TestCertificates.Create("second.test");
        var asked = new ConcurrentQueue<string?>();
        await using var host = await HttpsHost.StartAsync(kind, https => https.ServerCertificateSelector = (connection, name) =>
        {
            Assert.NotNull(connection);
            asked.Enqueue(name);
            return name == "second.test" ? second : first;
        });

        await using var one = await TlsClient.ConnectAsync(host, options => options.TargetHost = "second.test");
        await using var other = await TlsClient.ConnectAsync(host, options => options.TargetHost = "other.test");

        Assert.Equal("CN=second.test", one.Tls.RemoteCertificate?.Subject);
        Assert.Equal("CN=first.test", other.Tls.RemoteCertificate?.Subject);
        Assert.Equal(["second.test", "other.test"], asked);
    }

    /// <summary>What a client asks for by an address it has no name for.</summary>
    [Fact]
    public async Task Selector_ClientSendsNoName_IsAskedAsByUseHttps()
    {
        List<string?> asked = [];
        foreach (var own in new[] { true, false })
        {
            X509Certificate2 Select(ConnectionContext? connection, string? name)
            {
                asked.Add(name);
                return TestCertificates.Server;
            }

            await using var host = await TestHost.StartAsync(TransportKind.EpollAuto, _ => { }, kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
                listen.UseTls(own, https => https.ServerCertificateSelector = Select)));
            await using var client = await TlsClient.ConnectAsync(host, options => options.TargetHost = "127.0.0.1");
        }

        Assert.Equal(2, asked.Count);
        Assert.Equal(asked[1], asked[0]);
    }

    /// <summary>A client that comes again gets no certificate, whoever chose it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Handshake_ClientComesAgain_IsResumed(bool selector)
    {
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto, https =>
        {
            https.ServerCertificate = selector ? null : TestCertificates.Server;
            https.ServerCertificateSelector = selector ? (_, _) => TestCertificates.Server : null;
        });

        var lengths = new List<int>();
        for (var i = 0; i < 2; i++)
        {
            await using var client = await TlsClient.ConnectAsync(host, options =>
            {
                options.EnabledSslProtocols = SslProtocols.Tls12;
                options.TargetHost = $"selector-{selector}.test"; // by which the process's clients keep their sessions
            });
            lengths.Add(client.Wire.Records.Sum());
            await client.GetAsync("/");
            await client.ReadToEndAsync();
        }

        Assert.InRange(lengths[1], 1, lengths[0] - TestCertificates.Server.RawData.Length);
    }

    [Fact]
    public async Task Selector_GivesNoCertificate_EndsTheHandshake()
    {
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto, https => https.ServerCertificateSelector = (_, _) => null);

        var exception = await Record.ExceptionAsync(() => TlsClient.ConnectAsync(host));
        Assert.True(exception is IOException or AuthenticationException, $"{exception}");
    }

    /// <summary>A chain is built once for each certificate object; for one that comes a single time, not beforehand.</summary>
    [Fact]
    public void SelectOptions_SameCertificateAgain_HasTheSameContext()
    {
        using var fresh = TestCertificates.Create("fresh.test");
        var selected = TestCertificates.Server;
        ServerTls tls = new(new HttpsConnectionAdapterOptions { ServerCertificateSelector = (_, _) => selected }, HttpProtocols.Http1);

        var first = tls.SelectOptions(null!, "a.test");
        var second = tls.SelectOptions(null!, "a.test");
        var third = tls.SelectOptions(null!, "b.test");
        selected = fresh;
        var other = tls.SelectOptions(null!, "a.test");

        Assert.Null(first.ServerCertificateContext);
        Assert.Same(TestCertificates.Server, first.ServerCertificateSelectionCallback!(this, "a.test"));
        Assert.Null(second.ServerCertificateSelectionCallback);
        Assert.Same(TestCertificates.Server, second.ServerCertificateContext!.TargetCertificate);
        Assert.Same(second.ServerCertificateContext, third.ServerCertificateContext);
        Assert.Null(other.ServerCertificateContext);
        Assert.Same(fresh, other.ServerCertificateSelectionCallback!(this, "a.test"));
    }

    /// <summary>What it sets wins over the selector, as with UseHttps.</summary>
    [Fact]
    public async Task OnAuthenticate_SetsACertificate_IsPresentedInsteadOfTheSelectors()
    {
        using var other = TestCertificates.Create("other.test");
        var context = SslStreamCertificateContext.Create(other, null);
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto, https =>
        {
            https.ServerCertificateSelector = (_, _) => TestCertificates.Server;
            https.OnAuthenticate = (_, options) =>
            {
                options.ServerCertificateSelectionCallback = null;
                options.ServerCertificateContext = context;
            };
        });

        await using var client = await TlsClient.ConnectAsync(host);

        Assert.Equal("CN=other.test", client.Tls.RemoteCertificate?.Subject);
    }

    /// <summary>A fixed certificate is refused at the start.</summary>
    [Theory]
    [InlineData("1.3.6.1.5.5.7.3.1", true)]
    [InlineData("1.3.6.1.5.5.7.3.2", false)]
    public async Task Selector_GivesACertificateForAnotherPurpose_NoHandshake(string purpose, bool served)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=purpose.test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto, https => https.ServerCertificateSelector = (_, _) => certificate);

        var exception = await Record.ExceptionAsync(async () => await (await TlsClient.ConnectAsync(host)).DisposeAsync());

        Assert.True(served ? exception is null : exception is IOException or AuthenticationException, $"{exception}");
    }
}

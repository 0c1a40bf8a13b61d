using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>HTTPS, with its callbacks.</summary>
public sealed class TlsTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_UseHttps_IsServed(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.MapGet("/", (HttpContext context) => context.Request.Scheme),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(TestCertificates.Server)));
        using var client = host.CreateClient();

        Assert.Equal("https", await client.GetStringAsync(host.Address).WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_ClientCertificateRequired_ReachesTheApplication(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.MapGet("/", (HttpContext context) => context.Connection.ClientCertificate?.Thumbprint ?? "none"),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(TestCertificates.Server, https =>
            {
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (certificate, _, _) => certificate.Thumbprint == TestCertificates.Client.Thumbprint;
            })));
        using var with = host.CreateClient(handler => handler.SslOptions.ClientCertificates = [TestCertificates.Client]);
        Assert.Equal(TestCertificates.Client.Thumbprint, await with.GetStringAsync(host.Address).WithTimeout());

        using var without = host.CreateClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => without.GetStringAsync(host.Address).WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_SelectorByServerName_PresentsTheMatchingCertificate(TransportKind kind)
    {
        using var first = TestCertificates.Create("first.test");
        using var second = TestCertificates.Create("second.test");
        var asked = new ConcurrentQueue<string?>();
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.MapGet("/", () => "served"),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
                https.ServerCertificateSelector = (_, name) =>
                {
                    asked.Enqueue(name);
                    return name == "second.test" ? second : first;
                })));

        Assert.Equal("CN=second.test", await HandshakeAsync(host, "second.test"));
        Assert.Equal("CN=first.test", await HandshakeAsync(host, "first.test"));
        Assert.Equal(["second.test", "first.test"], asked);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_OptionsByServerName_AreAwaitedInTheHandshake(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.MapGet("/", () => "served"),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(
                async (stream, hello, state, cancellation) =>
                {
                    await Task.Yield();
                    return new SslServerAuthenticationOptions { ServerCertificate = TestCertificates.Server };
                },
                state: new object())));
        using var client = host.CreateClient();

        Assert.Equal("served", await client.GetStringAsync(host.Address).WithTimeout());
        Assert.Equal("CN=localhost", await HandshakeAsync(host, "anything.test"));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Handshake_ClientLeavesInTheMiddle_DoesNotHurtOthers(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.MapGet("/", () => "served"),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(TestCertificates.Server)));
        for (var i = 0; i < 5; i++)
        {
            using var leaving = await RawClient.ConnectAsync(host.EndPoint);
            await leaving.SendAsync(new byte[] { 22, 3, 1, 0, 100 });
            leaving.Reset();
        }

        using var client = host.CreateClient();
        Assert.Equal("served", await client.GetStringAsync(host.Address).WithTimeout());
    }

    private static async Task<string?> HandshakeAsync(TestHost host, string name)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(host.EndPoint).WithTimeout();
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync(name).WithTimeout();
        return tls.RemoteCertificate?.Subject;
    }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>Which endpoints a factory takes, and how often it is asked.</summary>
public sealed class ChoosingTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "1")]
    public async Task CanBind_EachKindOfEndPoint_TakesOnlySockets(TransportKind kind)
    {
        await using var transport = new RawTransport(kind);
        var selector = Assert.IsAssignableFrom<IConnectionListenerFactorySelector>(transport.Factory);

        Assert.True(selector.CanBind(new IPEndPoint(IPAddress.Loopback, 0)));
        Assert.True(selector.CanBind(new IPEndPoint(IPAddress.IPv6Any, 0)));
        Assert.True(selector.CanBind(new UnixDomainSocketEndPoint("any.sock")));
        Assert.True(selector.CanBind(new FileHandleEndPoint(3, FileHandleType.Auto)));
        Assert.True(selector.CanBind(new FileHandleEndPoint(3, FileHandleType.Tcp)));
        Assert.False(selector.CanBind(new NamedPipeEndPoint("any")));
        Assert.False(selector.CanBind(new DnsEndPoint("localhost", 80)));
    }

    [Fact]
    [Trait("Contract", "1")]
    public async Task AddEpollTransport_OtherFactoriesRegistered_KeepsThemAndIsAskedFirst()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddTransport(TransportKind.Sockets);
        var before = services.Where(service => service.ServiceType == typeof(IConnectionListenerFactory)).ToArray();

        services.AddEpollTransport();

        Assert.Equal(before, services.Where(service => service.ServiceType == typeof(IConnectionListenerFactory)).Take(before.Length));
        await using var provider = services.BuildServiceProvider();
        Assert.Equal("EpollTransportFactory", provider.GetServices<IConnectionListenerFactory>().Last().GetType().Name);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "2")]
    public async Task BindAsync_ConfigurationReloaded_ServesTheNewEndPoint(TransportKind kind)
    {
        using var path = new TempSocketPath();
        using var configuration = new ConfigurationManager();
        configuration["Endpoints:First:Url"] = "http://127.0.0.1:0";
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.Run(context => context.Response.WriteAsync("served")),
            kestrel => kestrel.Configure(configuration, reloadOnChange: true));

        configuration["Endpoints:Second:Url"] = $"http://unix:{path.Path}";
        ((IConfigurationRoot)configuration).Reload();
        await Waiting.UntilAsync(() => File.Exists(path.Path));
        using var client = await RawClient.ConnectAsync(path.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", await client.ReadUntilAsync("\r\n"), StringComparison.Ordinal);
    }
}

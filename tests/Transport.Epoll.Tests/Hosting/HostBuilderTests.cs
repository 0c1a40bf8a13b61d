using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>One call is enough, wherever it stands.</summary>
public sealed class HostBuilderTests
{
    private const string AnyPort = "http://127.0.0.1:0";

    [Fact]
    public async Task UseEpollTransport_BeforeUseKestrel_Serves() =>
        await ExpectEpollAsync(web => web.UseEpollTransport().UseKestrel());

    [Fact]
    public async Task UseEpollTransport_AfterUseKestrel_Serves() =>
        await ExpectEpollAsync(web => web.UseKestrel().UseEpollTransport());

    [Fact]
    public async Task UseEpollTransport_AfterUseSockets_Serves() =>
        await ExpectEpollAsync(web => web.UseKestrel().UseSockets().UseEpollTransport());

    [Fact]
    public async Task UseEpollTransport_BeforeUseKestrel_KeepsTheDefaultForWhatItRefuses()
    {
        using var host = Build(web => web.UseEpollTransport().UseKestrel());

        var factories = host.Services.GetServices<IConnectionListenerFactory>().Select(factory => factory.GetType().Name);

        Assert.Equal(["SocketTransportFactory", "EpollTransportFactory"], factories);
        await host.StopAsync().WithTimeout();
    }

    [Fact]
    public async Task UseEpollTransport_Twice_RegistersOneFactoryAndTheLastOptionWins()
    {
        using var host = Build(web => web
            .UseEpollTransport(options => options.LoopCount = 1)
            .UseKestrel()
            .UseEpollTransport(options => options.LoopCount = 3));
        await host.StartAsync().WithTimeout();

        Assert.Single(host.Services.GetServices<IConnectionListenerFactory>(), factory => factory.GetType().Name == "EpollTransportFactory");
        Assert.Equal(3, host.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<EpollTransportOptions>>().Value.LoopCount);
        Assert.Equal(ServingTransport.Epoll, await ServingTransport.AskAsync(host.Services));
        await host.StopAsync().WithTimeout();
    }

    [Fact]
    public async Task UseEpollTransport_CreateSlimBuilder_Serves()
    {
        var builder = WebApplication.CreateSlimBuilder();
        await ExpectEpollAsync(builder);
    }

    [Fact]
    public async Task UseEpollTransport_CreateBuilder_Serves()
    {
        var builder = WebApplication.CreateBuilder();
        await ExpectEpollAsync(builder);
    }

    [Fact]
    public async Task UseEpollTransport_Http3AmongTheProtocols_ServesTheOthers()
    {
        var logs = new CapturingLoggerProvider();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.UseEpollTransport();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2AndHttp3;
            listen.UseHttps(TestCertificates.Server);
        }));
        await using var app = builder.Build();
        ServingTransport.Answer(app);
        await app.StartAsync().WithTimeout();

        Assert.Equal(ServingTransport.Epoll, await ServingTransport.AskAsync(app.Services));
        Assert.Empty(logs.AtLeast(LogLevel.Error));
        await app.StopAsync().WithTimeout();
    }

    [Fact]
    public async Task DisposeAsync_HostWasNeverStopped_EndsQuietly()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(AnyPort).UseEpollTransport();
        await using var app = builder.Build();
        ServingTransport.Answer(app);
        await app.StartAsync().WithTimeout();
        Assert.Equal(ServingTransport.Epoll, await ServingTransport.AskAsync(app.Services));
    }

    [Fact]
    public async Task Dispose_HostWasNeverStarted_EndsQuietly()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseEpollTransport();
        await using var app = builder.Build();
        Assert.NotEmpty(app.Services.GetServices<IConnectionListenerFactory>());
    }

    private static async Task ExpectEpollAsync(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(AnyPort).UseEpollTransport();
        await using var app = builder.Build();
        ServingTransport.Answer(app);
        await app.StartAsync().WithTimeout();
        Assert.Equal(ServingTransport.Epoll, await ServingTransport.AskAsync(app.Services));
        await app.StopAsync().WithTimeout();
    }

    private static async Task ExpectEpollAsync(Action<IWebHostBuilder> configure)
    {
        using var host = Build(configure);
        await host.StartAsync().WithTimeout();
        Assert.Equal(ServingTransport.Epoll, await ServingTransport.AskAsync(host.Services));
        await host.StopAsync().WithTimeout();
    }

    private static IHost Build(Action<IWebHostBuilder> configure) => new HostBuilder()
        .ConfigureWebHost(web =>
        {
            configure(web);
            web.UseUrls(AnyPort).Configure(ServingTransport.Answer);
        })
        .Build();
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Transport.Epoll.Tests.Support;

/// <summary>A small web app on the chosen transport; without further words it listens on 127.0.0.1, port 0.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private TestHost(WebApplication app, CapturingLoggerProvider logs)
    {
        App = app;
        Logs = logs;
    }

    public WebApplication App { get; }

    public CapturingLoggerProvider Logs { get; }

    public IReadOnlyList<Uri> Addresses =>
        [.. App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];

    public Uri Address => Addresses[0];

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Address.Port);

    public static async Task<TestHost> StartAsync(
        TransportKind kind,
        Action<WebApplication> configureApp,
        Action<KestrelServerOptions>? configureKestrel = null,
        Action<IServiceCollection>? configureServices = null,
        TransportTuning? tuning = null)
    {
        var logs = new CapturingLoggerProvider();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(logs);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseTransport(kind, tuning);
        builder.WebHost.ConfigureKestrel(WaitLongerThanTests);
        builder.WebHost.ConfigureKestrel(configureKestrel ?? (options => options.Listen(IPAddress.Loopback, 0)));
        configureServices?.Invoke(builder.Services);
        var app = builder.Build();
        configureApp(app);
        var host = new TestHost(app, logs);
        try
        {
            await app.StartAsync().WithTimeout();
            LoopStates.Watch(app.Services.GetServices<IConnectionListenerFactory>().Last());
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// A client that trusts any certificate and never goes through a proxy. It is more patient than the tests' own waits, which tell what the
    /// loops were doing.
    /// </summary>
    public HttpClient CreateClient(Action<SocketsHttpHandler>? configure = null)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        configure?.Invoke(handler);
        return new HttpClient(handler) { BaseAddress = Address, Timeout = 3 * Waiting.Limit };
    }

    public async ValueTask DisposeAsync() => await App.DisposeAsync().WithTimeout(TimeSpan.FromSeconds(20));

    /// <summary>Kestrel gives a body five seconds to come, less than a test waits: the reset would hide what the loops were doing.</summary>
    private static void WaitLongerThanTests(KestrelServerOptions kestrel) => (kestrel.Limits.MinRequestBodyDataRate, kestrel.Limits.MinResponseDataRate) = (null, null);
}

using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sample.Web.Application;
using Sample.Web.Dashboard;
using Sample.Web.Database;
using Sample.Web.Figures;
using Sample.Web.Routes;

namespace Sample.Web;

/// <summary>Puts the app together: the transport, Kestrel, logging and the routes.</summary>
internal static class SampleApplication
{
    public const string DefaultUrl = "http://127.0.0.1:5000";

    public static WebApplication Build(SampleArguments arguments)
    {
        var builder = WebApplication.CreateBuilder(arguments.Configuration);
        builder.Host.UseSystemd();
        UseTransport(builder.WebHost, arguments);
        ConfigureLogging(builder);
        ConfigureKestrel(builder, arguments.Https);

        builder.Services.AddSingleton(arguments);
        builder.Services.AddSingleton<ConnectionMonitor>();
        builder.Services.AddSingleton<SchedulingMeter>();
        builder.Services.AddSingleton<FigureReader>();
        builder.Services.AddDashboard();
        builder.Services.AddSingleton<WorldStores>();
        builder.Services.AddSingleton<LazyApplication>();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, SampleJsonContext.Default));
        builder.Services.AddRequestLimit(builder.Configuration);
        builder.Services.AddSums(builder.Configuration);
        builder.Services.AddPrometheus(builder.Configuration);

        var app = builder.Build();

        app.UseRequestLimit();

        // First, and before routing, which a route as short as these would notice.
        app.UseBenchmarkRoutes();
        app.UseFiles();
        app.UseWebSockets();
        app.UseRouting();

        app.MapDashboard();
        app.MapBodyRoutes();
        app.MapTimingRoutes();
        app.MapWaitingRoutes();
        app.MapGarbageRoutes();
        app.MapWebSocketEcho();
        app.MapSums();
        app.MapFigures();
        app.MapPrometheus();
        app.MapDatabaseRoutes();
        app.MapApplication();
        return app;
    }

    private static void UseTransport(ConfigureWebHostBuilder webHost, SampleArguments arguments)
    {
        switch (arguments.Transport)
        {
            case TransportChoice.Epoll:
                webHost.UseEpollTransport(options =>
                {
                    // What the command line leaves open comes from the configuration or the transport's defaults.
                    options.LoopCount = arguments.Loops ?? options.LoopCount;
                    options.Scheduling = arguments.Scheduling ?? options.Scheduling;
                });
                break;
            case TransportChoice.SocketsInline:
                webHost.UseSockets(options => options.UnsafePreferInlineScheduling = true);
                break;
            case TransportChoice.Sockets:
                webHost.UseSockets();
                break;
            default:
                throw new InvalidOperationException($"No transport is called {arguments.Transport}.");
        }
    }

    /// <summary>Warnings and errors only, unless a Logging key asks for more.</summary>
    private static void ConfigureLogging(WebApplicationBuilder builder)
    {
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        if (!builder.Configuration.GetSection("Logging").Exists())
        {
            // While this category is enabled at any level, hosting creates an Activity for each request.
            builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);

            // Why the app cannot start is told in one line, without the stack.
            builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        }
    }

    private static void ConfigureKestrel(WebApplicationBuilder builder, HttpsChoice https)
    {
        var configuration = builder.Configuration;
        if (!HasAddresses(configuration))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        var hasCertificate = configuration.GetSection("Kestrel:Certificates:Default").Exists();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // Kestrel itself reads endpoints and certificates only.
            configuration.GetSection("Kestrel:Limits").Bind(kestrel.Limits);
            var connections = kestrel.ApplicationServices.GetRequiredService<ConnectionMonitor>();
            var isEpollHttps = https == HttpsChoice.Epoll && HasHttpsUrlsOnly(configuration);
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                endpoint.Use(connections.Watch);
                if (isEpollHttps)
                {
                    endpoint.UseEpollHttps();
                }
            });
            if (!hasCertificate)
            {
                // Called for https endpoints only; an endpoint's own certificate still wins.
                kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = SelfSignedCertificate.Instance);
            }

            if (https == HttpsChoice.Epoll && !isEpollHttps && !UseEpollHttps(kestrel, configuration))
            {
                throw new InvalidOperationException("--https Epoll is for --urls that are all https, or for endpoints of the configuration, --Kestrel:Endpoints:NAME:Url.");
            }

            kestrel.ConfigurationLoader?.Endpoint(LineHandler.EndpointName, endpoint => UseLines(endpoint, https));
            kestrel.UseSystemd();
        });
    }

    /// <summary>Kestrel adds its own only to an https endpoint that has none. False if there are no endpoints with a name.</summary>
    private static bool UseEpollHttps(KestrelServerOptions kestrel, ConfigurationManager configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().ToList();
        foreach (var named in endpoints)
        {
            kestrel.ConfigurationLoader?.Endpoint(named.Key, static endpoint =>
            {
                if (endpoint.IsHttps)
                {
                    endpoint.UseEpollHttps();
                }
            });
        }

        return endpoints.Count > 0;
    }

    /// <summary>Endpoints of <c>--urls</c> have no name, and don't show their scheme.</summary>
    private static bool HasHttpsUrlsOnly(ConfigurationManager configuration)
    {
        var urls = configuration["urls"]?.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return urls.Length > 0 && urls.All(url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
            && !configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();
    }

    private static void UseLines(EndpointConfiguration endpoint, HttpsChoice https)
    {
        if (endpoint.IsHttps && https == HttpsChoice.Epoll)
        {
            endpoint.UseEpollHttps();
        }
        else if (endpoint.IsHttps)
        {
            endpoint.ListenOptions.UseHttps(endpoint.HttpsOptions); // Kestrel would do so behind the handler, which is the end
        }

        endpoint.ListenOptions.UseConnectionHandler<LineHandler>();
    }

    private static bool HasAddresses(ConfigurationManager configuration)
    {
        return IsSocketActivated()
            || !string.IsNullOrEmpty(configuration["urls"])
            || !string.IsNullOrEmpty(configuration["http_ports"])
            || !string.IsNullOrEmpty(configuration["https_ports"])
            || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();
    }

    /// <summary>Whether systemd hands over listening sockets (sd_listen_fds(3)); KestrelServerOptions.UseSystemd looks at the same variable.</summary>
    private static bool IsSocketActivated()
    {
        return Environment.GetEnvironmentVariable("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
    }
}

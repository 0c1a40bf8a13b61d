using System.Runtime.CompilerServices;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Sample.Web.Routes;

/// <summary>
/// <c>/metrics</c> for Prometheus, through OpenTelemetry, if the configuration has <c>Sample:Prometheus</c>. Off without the key: while somebody listens to
/// them, ASP.NET Core's own instruments cost each request some time.
/// </summary>
internal static class PrometheusRoute
{
    private const string Key = "Sample:Prometheus";

    /// <summary>The transport's meter, and those of ASP.NET Core and the runtime that the dashboard in <c>deploy/grafana</c> draws beside it.</summary>
    private static readonly string[] s_meters = ["Transport.Epoll", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    public static void AddPrometheus(this IServiceCollection services, IConfiguration configuration)
    {
        if (configuration.GetValue<bool>(Key))
        {
            AddExporter(services);
        }
    }

    public static void MapPrometheus(this WebApplication app)
    {
        if (app.Configuration.GetValue<bool>(Key))
        {
            MapExporter(app);
        }
    }

    // By themselves, so that without the key nothing of OpenTelemetry is loaded.

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddExporter(IServiceCollection services) => services.AddOpenTelemetry()
        .ConfigureResource(resource => resource.AddService("Sample.Web"))
        .WithMetrics(metrics => metrics.AddMeter(s_meters).AddPrometheusExporter());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MapExporter(WebApplication app) => app.MapPrometheusScrapingEndpoint();
}

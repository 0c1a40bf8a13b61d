using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.FileProviders;
using Sample.Web.Application.Api;
using Sample.Web.Application.Data;
using Sample.Web.Application.Live;
using Sample.Web.Figures;

namespace Sample.Web.Application;

/// <summary>The application's services and the pipeline over them. Any thread.</summary>
internal sealed class BuiltApplication : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private BuiltApplication(ServiceProvider services)
    {
        _services = services;
        Pipeline = BuildPipeline(services);
    }

    public RequestDelegate Pipeline { get; }

    public IServiceScopeFactory Scopes => _services.GetRequiredService<IServiceScopeFactory>();

    public static BuiltApplication Build(IServiceProvider server)
    {
        var services = new ServiceCollection();

        // As instances: the server made them and disposes of them.
        services.AddSingleton(server.GetRequiredService<IConfiguration>());
        services.AddSingleton(server.GetRequiredService<IWebHostEnvironment>());
        services.AddSingleton<IHostEnvironment>(server.GetRequiredService<IWebHostEnvironment>());
        services.AddSingleton(server.GetRequiredService<IHostApplicationLifetime>());
        services.AddSingleton(server.GetRequiredService<ILoggerFactory>());
        services.AddSingleton(server.GetRequiredService<DiagnosticListener>());
        services.AddSingleton<DiagnosticSource>(server.GetRequiredService<DiagnosticListener>());
        services.AddSingleton(server.GetRequiredService<IMeterFactory>());
        services.AddSingleton(server.GetRequiredService<FigureReader>());
        services.AddLogging();

        services.AddApplication(server.GetRequiredService<IConfiguration>());
        return new BuiltApplication(services.BuildServiceProvider());
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static RequestDelegate BuildPipeline(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandlingPath = "/issues/error",
            SuppressDiagnosticsCallback = _ => true, // ApiProblems writes it down, for pages too
        });
        app.UseStatusCodePages();
        app.UseStaticFiles(new StaticFileOptions
        {
            RequestPath = "/assets",
            FileProvider = new EmbeddedFileProvider(typeof(BuiltApplication).Assembly, "Sample.Web.Application.Assets"),

            // Browsers ask whether a file has changed, and learn by its ETag that it has not.
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache",
        });
        app.UseRouting();
        app.UseOutputCache();
        app.UseMiddleware<DatabaseGate>();
        app.UseAntiforgery();
        app.UseEndpoints(routes =>
        {
            routes.MapRazorPages().WithMetadata(NeedsDatabase.Instance);
            routes.MapIssueApi();
            routes.MapHealth();
            routes.MapHub<IssueHub>("/live");
        });
        return app.Build();
    }
}

using Microsoft.AspNetCore.Http.Features;

namespace Sample.Web.Application;

/// <summary>
/// The application behind a door that opens with the first request to it. Its services and its pipeline are its own, so that a server which is only
/// asked for the benchmark's routes neither loads nor starts any of it. Any thread.
/// </summary>
internal sealed class LazyApplication(IServiceProvider server) : IAsyncDisposable
{
    // On the pool: what is built and compiled here would hold up a polling thread.
    private readonly Lazy<Task<BuiltApplication>> _application = new(() => Task.Run(() => BuiltApplication.Build(server)));

    /// <summary>Everything that the application answers; the rest of the paths do not wake it.</summary>
    public static IReadOnlyList<string> Paths { get; } = ["/", "/issues/{**rest}", "/api/{**rest}", "/live/{**rest}", "/assets/{**rest}"];

    public async Task InvokeAsync(HttpContext context)
    {
        var application = await _application.Value;

        // The server's routing has done its part; the application's begins anew, with services of its own.
        context.SetEndpoint(null);
        context.Request.RouteValues.Clear();
        var outer = context.Features.Get<IServiceProvidersFeature>();
        context.Features.Set<IServiceProvidersFeature>(new RequestServicesFeature(context, application.Scopes));
        try
        {
            await application.Pipeline(context);
        }
        finally
        {
            context.Features.Set(outer);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_application.IsValueCreated)
        {
            await (await _application.Value).DisposeAsync();
        }
    }
}

/// <summary>Puts the door into the server.</summary>
internal static class LazyApplicationExtensions
{
    public static void MapApplication(this IEndpointRouteBuilder routes)
    {
        var application = routes.ServiceProvider.GetRequiredService<LazyApplication>();
        foreach (var path in LazyApplication.Paths)
        {
            routes.Map(path, application.InvokeAsync);
        }
    }
}

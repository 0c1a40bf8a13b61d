using Microsoft.AspNetCore.Diagnostics;

namespace Sample.Web.Application.Data;

/// <summary>Marks an endpoint that reads or writes the tables.</summary>
internal sealed class NeedsDatabase
{
    public static NeedsDatabase Instance { get; } = new();
}

/// <summary>Has the tables brought up to date before the first request that needs them.</summary>
internal sealed class DatabaseGate(RequestDelegate next, MigrationRunner migrations)
{
    public async Task InvokeAsync(HttpContext context)
    {
        // The page that tells of a failure asks for no database, which may be what failed.
        if (context.GetEndpoint()?.Metadata.GetMetadata<NeedsDatabase>() != null && context.Features.Get<IExceptionHandlerFeature>() == null)
        {
            await migrations.EnsureAsync(context.RequestAborted);
        }

        await next(context);
    }
}

using Sample.Web.Application.Data;
using Sample.Web.Application.Live;

namespace Sample.Web.Application.Api;

/// <summary>The answer of <c>/api/health</c>.</summary>
/// <param name="Process">The process that answers.</param>
/// <param name="Database">Whether the database answers.</param>
/// <param name="Live">Whether changes of other processes are told to open pages at once; null where there is no Redis, or no page has connected yet.</param>
internal sealed record Health(int Process, bool Database, bool? Live);

/// <summary><c>/api/health</c>: 200, or 503 while the database can't be used.</summary>
internal static class HealthRoute
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/health", async (IssueContext context, Backplane backplane, CancellationToken aborted) =>
        {
            var health = new Health(Environment.ProcessId, await context.Database.CanConnectAsync(aborted), backplane.IsConnected);
            return TypedResults.Json(health, statusCode: health.Database ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        });
    }
}

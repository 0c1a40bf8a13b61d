using System.Runtime.CompilerServices;
using Sample.Web.Figures;

namespace Sample.Web.Routes;

/// <summary><c>/info</c> and <c>/events</c>: the figures once, and every second.</summary>
internal static class FigureRoutes
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    public static void MapFigures(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/info", async (FigureReader figures, string? collect) => collect switch
        {
            null or "" or "0" => Results.Ok(await figures.ReadAsync()),
            "1" => Results.Ok(await figures.ReadAsync(collect: true)),
            _ => Results.Text("collect must be 0 or 1.\n", statusCode: StatusCodes.Status400BadRequest),
        });

        routes.MapGet("/events", (FigureReader figures, IHostApplicationLifetime lifetime) =>
            TypedResults.ServerSentEvents(EverySecondAsync(figures, lifetime.ApplicationStopping), eventType: "figures"));
    }

    /// <summary>Ends when the client goes or the app stops: the stream must not hold up the shutdown.</summary>
    private static async IAsyncEnumerable<ProcessFigures> EverySecondAsync(
        FigureReader figures, CancellationToken stopping, [EnumeratorCancellation] CancellationToken aborted = default)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        using var timer = new PeriodicTimer(s_interval);
        do
        {
            yield return await figures.ReadAsync();
        }
        while (await TickAsync(timer, ended.Token));
    }

    /// <summary>Waits for the next tick; false when it ended before.</summary>
    internal static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken ended)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ended);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

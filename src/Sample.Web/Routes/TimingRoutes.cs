using System.Diagnostics;

namespace Sample.Web.Routes;

/// <summary><c>/delay</c>, <c>/block</c> and <c>/spin</c>: handlers that wait, hold up their thread, or burn a processor.</summary>
internal static class TimingRoutes
{
    public static void MapTimingRoutes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/delay/{ms}", async (string ms, CancellationToken aborted) =>
        {
            if (!NumberRange.Milliseconds.TryParse(ms, out var wait, out var refusal))
            {
                return refusal;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(wait), aborted);
            return Answer("awaited", wait);
        });

        routes.MapGet("/block/{ms}", (string ms) =>
        {
            if (!NumberRange.Milliseconds.TryParse(ms, out var wait, out var refusal))
            {
                return refusal;
            }

            Thread.Sleep((int)wait);
            return Answer("blocked", wait);
        });

        routes.MapGet("/spin/{ms}", (string ms) =>
        {
            if (!NumberRange.Milliseconds.TryParse(ms, out var wait, out var refusal))
            {
                return refusal;
            }

            for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started).TotalMilliseconds < wait;)
            {
                Thread.SpinWait(100);
            }

            return Answer("spun", wait);
        });
    }

    private static IResult Answer(string what, long milliseconds)
    {
        return Results.Text($"{what} {milliseconds} ms on {Thread.CurrentThread.Name ?? "an unnamed thread"}\n");
    }
}

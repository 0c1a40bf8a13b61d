using Sample.Web.Figures;
using Sample.Web.Routes;
using Transport.Epoll.Diagnostics;

namespace Sample.Web.Dashboard;

/// <summary><c>/loops</c>: the page that shows what the loops do, its files, its figures, and the trials that its buttons start.</summary>
internal static class DashboardRoutes
{
    private static readonly string s_page = ReadPage();
    private static readonly NumberRange s_connections = new("connections", 0, 10_000);

    public static void AddDashboard(this IServiceCollection services)
    {
        services.AddSingleton<RequestCounter>();
        services.AddSingleton<TrialRunner>();
        services.AddSingleton<DashboardEvents>();
    }

    public static void MapDashboard(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/loops", (FigureReader figures) =>
            Results.Text(s_page.Replace("{{transport}}", figures.Transport.Name(), StringComparison.Ordinal), "text/html; charset=utf-8"));

        foreach (var asset in DashboardAsset.All)
        {
            routes.MapGet($"/loops/{asset.Name}", (HttpResponse response) => asset.Answer(response));
        }

        routes.MapGet("/loops/events", (DashboardEvents events, HttpResponse response) =>
        {
            response.Headers["X-Accel-Buffering"] = "no"; // nginx would collect some seconds of them
            return TypedResults.ServerSentEvents(events.ReadAsync());
        });

        routes.MapGet("/loops/dump", DumpAsync);
        routes.MapPost("/loops/trials/{name}", StartTrial);
    }

    /// <summary>Everything that the transport tells of itself at this moment. Put together on the pool: ten thousand connections take milliseconds, which are not a loop's to spend.</summary>
    private static async Task<IResult> DumpAsync(FigureReader figures, IServiceProvider services, string? connections)
    {
        var options = new EpollCaptureOptions { WithTcpInfo = true };
        if (connections is not null)
        {
            if (!s_connections.TryParse(connections, out var most, out var refusal))
            {
                return refusal;
            }

            options.MaxConnections = (int)most;
        }

        return figures.Transport == TransportChoice.Epoll
            ? Results.Text(await Task.Run(() => services.GetRequiredService<EpollDiagnostics>().Capture(options).ToJson()), "application/json")
            : Refuse(StatusCodes.Status404NotFound, $"Transport {figures.Transport.Name()} has no loops: only epoll tells what it does.");
    }

    private static IResult StartTrial(string name, HttpContext context, TrialRunner trials)
    {
        if (TrialKind.All.FirstOrDefault(kind => kind.Name == name) is not { } kind)
        {
            return Refuse(StatusCodes.Status400BadRequest, $"There is no trial '{name}'; allowed are {string.Join(", ", TrialKind.All.Select(known => known.Name))}.");
        }

        if (context.Request.Headers.Origin is [{ } origin] && !origin.EndsWith($"://{context.Request.Host}", StringComparison.OrdinalIgnoreCase))
        {
            return Refuse(StatusCodes.Status403Forbidden, "Only a page of this server may start a trial.");
        }

        if (!TrialTarget.TryFind(context, out var target))
        {
            return Refuse(StatusCodes.Status400BadRequest, "A trial needs HTTP/1.1 or HTTP/2, over TCP or a unix socket.");
        }

        var (state, started) = trials.Start(kind, target);
        return started
            ? Results.Json(state, SampleJsonContext.Default.TrialState, statusCode: StatusCodes.Status202Accepted)
            : Refuse(StatusCodes.Status409Conflict, $"A trial with {state.Title} goes on for up to {Math.Ceiling(state.SecondsLeft)} s; one runs at a time.");
    }

    private static IResult Refuse(int status, string reason) => Results.Text($"{reason}\n", statusCode: status);

    private static string ReadPage()
    {
        using var reader = new StreamReader(DashboardAsset.Open("loops.html"));
        return reader.ReadToEnd();
    }
}

using System.Collections.Concurrent;

namespace Sample.Web.Routes;

/// <summary>
/// <c>/self/blocking</c> and <c>/meet/{name}</c>: sync over async, as it should not be but often is. Their threads wait for what another request to
/// this server brings: with the app always on the polling threads they may never get it.
/// </summary>
internal static class WaitingRoutes
{
    /// <summary>What is asked of this server: takes long enough that who waits for it really waits.</summary>
    private const string Asked = "/delay/20";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly HttpClient s_client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { Timeout = s_limit };

    /// <summary>Who waits, by name. Whoever takes an entry out decides how its wait ends.</summary>
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> s_waiting = new(StringComparer.Ordinal);

    public static void MapWaitingRoutes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/self/blocking", AskOneself);
        routes.MapGet("/meet/{name}", Meet);
    }

    private static IResult AskOneself(HttpContext context)
    {
        // Never what the Host header says: that may be another server.
        if (context.Request.Protocol != HttpProtocol.Http11 || context.Request.IsHttps || context.Connection.LocalIpAddress is not { } address)
        {
            return Results.Text("/self/blocking takes HTTP/1.1 over TCP and without TLS only.\n", statusCode: StatusCodes.Status400BadRequest);
        }

        var own = new UriBuilder(Uri.UriSchemeHttp, $"{address}", context.Connection.LocalPort, Asked).Uri;
        using var answer = s_client.GetAsync(own).Result;
        answer.EnsureSuccessStatusCode();
        return Results.Text($"{Asked} answers {(int)answer.StatusCode}\n");
    }

    /// <summary>The first one blocks its thread until the second one, of the same name, completes what it waits for.</summary>
    private static IResult Meet(string name)
    {
        var own = new TaskCompletionSource();
        while (true)
        {
            var waiting = s_waiting.GetOrAdd(name, own);
            var isFirst = waiting == own;
            if (isFirst && own.Task.Wait(s_limit))
            {
                return Results.Text("waited\n");
            }

            if (s_waiting.TryRemove(new(name, waiting)))
            {
                waiting.SetResult();
                return isFirst ? Results.Text("Nobody came.\n", statusCode: StatusCodes.Status504GatewayTimeout) : Results.Text("met\n");
            }

            if (isFirst)
            {
                own.Task.Wait(); // somebody came at the last moment
                return Results.Text("waited\n");
            }
        }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sample.Web.Data;

namespace Sample.Web.Database;

/// <summary>
/// <c>/db</c>, <c>/queries</c>, <c>/updates</c> and <c>/fortunes</c> as the public framework benchmarks define them, through the database's own driver;
/// under <c>/ef</c> the same through EF Core.
/// </summary>
internal static class DatabaseRoutes
{
    private delegate Task Handler(HttpContext context, IWorldStore store);

    public static void MapDatabaseRoutes(this IEndpointRouteBuilder routes)
    {
        var stores = routes.ServiceProvider.GetRequiredService<WorldStores>();
        Map("/db", DbAsync);
        Map("/queries", QueriesAsync);
        Map("/updates", UpdatesAsync);
        Map("/fortunes", FortunesAsync);

        void Map(string path, Handler handler)
        {
            routes.MapGet(path, context => AnswerAsync(context, stores, s => s.Driver, handler));
            routes.MapGet($"/ef{path}", context => AnswerAsync(context, stores, s => s.EntityFramework, handler));
        }
    }

    private static async Task AnswerAsync(HttpContext context, WorldStores stores, Func<Stores, IWorldStore> choose, Handler handler)
    {
        try
        {
            await handler(context, choose(await stores.GetAsync()));
        }
        catch (Exception exception) when (DatabaseFailure.TryFind(exception, out var failure) && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await context.Response.WriteAsync($"{DatabaseFailure.Title} {failure.Message}\n");
        }
    }

    private static async Task DbAsync(HttpContext context, IWorldStore store)
    {
        var world = await store.ReadAsync(new Draw(context.Request.Query).Id(), context.RequestAborted);
        await WriteAsync(context, world, SampleJsonContext.Default.World);
    }

    private static async Task QueriesAsync(HttpContext context, IWorldStore store)
    {
        var worlds = await store.ReadAsync(new Draw(context.Request.Query).Ids(), context.RequestAborted);
        await WriteAsync(context, worlds, SampleJsonContext.Default.WorldArray);
    }

    private static async Task UpdatesAsync(HttpContext context, IWorldStore store)
    {
        var draw = new Draw(context.Request.Query);
        var worlds = await store.UpdateAsync(draw.Ids(), draw.Numbers(), context.RequestAborted);
        await WriteAsync(context, worlds, SampleJsonContext.Default.WorldArray);
    }

    private static async Task FortunesAsync(HttpContext context, IWorldStore store)
    {
        var page = FortunesPage.Write(await store.ReadFortunesAsync(context.RequestAborted));
        await WriteAsync(context, "text/html; charset=utf-8", page);
    }

    private static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type) =>
        WriteAsync(context, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static Task WriteAsync(HttpContext context, string type, byte[] body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}

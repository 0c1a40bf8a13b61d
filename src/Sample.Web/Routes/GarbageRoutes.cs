namespace Sample.Web.Routes;

/// <summary><c>/garbage/{objects}</c>: makes the process collect garbage while much is alive, which stops all its threads for a while.</summary>
internal static class GarbageRoutes
{
    private static readonly NumberRange s_objects = new("objects", 1, 5_000_000);

    public static void MapGarbageRoutes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/garbage/{objects}", async (string objects) =>
        {
            if (!s_objects.TryParse(objects, out var count, out var refusal))
            {
                return refusal;
            }

            // On the pool: the work must not be what holds up a polling thread, only the pauses.
            await Task.Run(() => Collect((int)count));
            return Results.Text($"collected {count} objects\n");
        });
    }

    /// <summary>Fills a heap, has it marked as a whole, and drops it.</summary>
    private static void Collect(int objects)
    {
        var heap = new object[objects];
        for (var i = 0; i < heap.Length; i++)
        {
            heap[i] = new object();
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        GC.KeepAlive(heap);
    }
}

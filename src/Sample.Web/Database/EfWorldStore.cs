using Microsoft.EntityFrameworkCore;

namespace Sample.Web.Database;

/// <summary>EF Core, with pooled contexts and compiled queries. Any thread.</summary>
internal sealed class EfWorldStore(IDbContextFactory<WorldContext> contexts) : IWorldStore
{
    private static readonly Func<WorldContext, int, CancellationToken, Task<World>> s_read =
        EF.CompileAsyncQuery((WorldContext context, int id, CancellationToken cancellation) => context.Worlds.AsNoTracking().First(w => w.Id == id));

    private static readonly Func<WorldContext, int, CancellationToken, Task<World>> s_readToChange =
        EF.CompileAsyncQuery((WorldContext context, int id, CancellationToken cancellation) => context.Worlds.AsTracking().First(w => w.Id == id));

    public async Task<World> ReadAsync(int id, CancellationToken cancellation)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellation);
        return await s_read(context, id, cancellation);
    }

    public async Task<World[]> ReadAsync(int[] ids, CancellationToken cancellation)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellation);
        await context.Database.OpenConnectionAsync(cancellation); // one for all of them
        var worlds = new World[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            worlds[i] = await s_read(context, ids[i], cancellation);
        }

        return worlds;
    }

    public async Task<World[]> UpdateAsync(int[] ids, int[] numbers, CancellationToken cancellation)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellation);
        await context.Database.OpenConnectionAsync(cancellation);
        var worlds = new World[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            worlds[i] = await s_readToChange(context, ids[i], cancellation);
            worlds[i].RandomNumber = numbers[i];
        }

        await context.SaveChangesAsync(cancellation);
        return worlds;
    }

    public async Task<List<Fortune>> ReadFortunesAsync(CancellationToken cancellation)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellation);
        return await context.Fortunes.AsNoTracking().ToListAsync(cancellation);
    }
}

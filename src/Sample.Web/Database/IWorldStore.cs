namespace Sample.Web.Database;

/// <summary>What the database routes ask of a database, through one way to use it. Any thread.</summary>
internal interface IWorldStore
{
    Task<World> ReadAsync(int id, CancellationToken cancellation);

    /// <summary>Reads the rows with one query each, as the benchmark's definition wants it.</summary>
    Task<World[]> ReadAsync(int[] ids, CancellationToken cancellation);

    /// <summary>Reads the rows with one query each, gives them other numbers and writes them together.</summary>
    Task<World[]> UpdateAsync(int[] ids, int[] numbers, CancellationToken cancellation);

    Task<List<Fortune>> ReadFortunesAsync(CancellationToken cancellation);
}

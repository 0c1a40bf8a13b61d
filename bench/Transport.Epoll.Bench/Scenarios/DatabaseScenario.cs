using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>
/// A database route of the sample, between its transports: the same code and rows with SQLite, which works on the calling thread, and with MariaDB,
/// whose answers a thread of the driver brings; through the driver and through EF Core. Before the load both databases have to give the same rows.
/// </summary>
internal sealed class DatabaseScenario : IScenario
{
    private const int Connections = 64;

    private static readonly string[] s_paths = ["/db", "/queries?queries=20", "/updates?queries=20", "/fortunes"];

    private readonly string _path;
    private readonly LoadScenario _load;

    private DatabaseScenario(string database, string path)
    {
        _path = path;
        _load = new LoadScenario(database + path.Split('?')[0].Replace('/', '-'), path, new Wrk(Connections, threads: 1))
        {
            Only = Contender.Transports,
            WithDatabase = database == "mariadb",
            Needs = Ability.Json | Ability.Database,
        };
    }

    public static IReadOnlyList<IScenario> All { get; } =
        [.. from database in (string[])["sqlite", "mariadb"] from prefix in (string[])["", "/ef"] from path in s_paths select new DatabaseScenario(database, prefix + path)];

    public string Name => _load.Name;

    public bool IsDefault => false;

    public IEnumerable<string> Tools => [.. _load.Tools, .. MariaDb.Needs];

    /// <summary>What a database route is asked for to compare two answers: with a seed it draws the same rows.</summary>
    public static string Comparable(string path) => path switch
    {
        _ when path.Contains("fortunes", StringComparison.Ordinal) => path,
        _ when path.EndsWith("/db", StringComparison.Ordinal) => $"{path}?seed=1",
        _ when path.Contains("?queries=", StringComparison.Ordinal) => $"{path}&seed=1",
        _ => path,
    };

    public async Task<bool> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        await RequireSameRowsAsync(context, cancellation);
        return await _load.RunAsync(context, cancellation);
    }

    /// <summary>With tables that nobody has written to yet.</summary>
    private async Task RequireSameRowsAsync(BenchContext context, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("transport-epoll-bench-rows-");
        try
        {
            await using var mariaDb = await MariaDb.StartAsync(Path.Combine(folder.FullName, "mariadb"), cancellation);
            var settings = context.Settings(loops: null) with { Folder = folder.FullName };
            await using var withSqlite = await ServerProcess.StartAsync(Contender.Find(Contender.Auto), settings, cancellation);
            await using var withMariaDb = await ServerProcess.StartAsync(Contender.Find(Contender.Auto), settings with { Database = mariaDb }, cancellation);
            await AnswerCheck.RequireSameAsync([withSqlite, withMariaDb], _path, cancellation);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using MySqlConnector;
using Sample.Web.Data;

namespace Sample.Web.Database;

/// <summary>The two ways to the database: its driver and EF Core.</summary>
internal sealed record Stores(IWorldStore Driver, IWorldStore EntityFramework);

/// <summary>Opens the database with the first request that needs it, and not before. Any thread.</summary>
internal sealed class WorldStores(IConfiguration configuration)
{
    private Lazy<Task<Stores>> _stores = Open(configuration);

    public async ValueTask<Stores> GetAsync()
    {
        var stores = Volatile.Read(ref _stores);
        try
        {
            return await stores.Value;
        }
        catch
        {
            // The next request tries again; whoever was first puts the new one in place.
            Interlocked.CompareExchange(ref _stores, Open(configuration), stores);
            throw;
        }
    }

    // On the pool: opening a file and making tables would hold up a polling thread.
    private static Lazy<Task<Stores>> Open(IConfiguration configuration) => new(() => Task.Run(() => OpenAsync(DatabaseSettings.Read(configuration))));

    private static async Task<Stores> OpenAsync(DatabaseSettings database)
    {
        var options = new DbContextOptionsBuilder<WorldContext>();

        // As in the published implementations: a context is one request's, here for certain.
        options.EnableThreadSafetyChecks(false);
        if (database.Kind == DatabaseKind.MariaDb)
        {
            // Made by the script, not by the sample: the server may be somebody's.
            return new Stores(new AdoWorldStore(new MySqlDataSource(database.ConnectionString)), NewEf(options.UseMySQL(database.ConnectionString).Options));
        }

        await MakeTablesAsync(database.ConnectionString);
        return new Stores(new AdoWorldStore(SqliteFactory.Instance.CreateDataSource(database.ConnectionString)), NewEf(options.UseSqlite(database.ConnectionString).Options));
    }

    private static EfWorldStore NewEf(DbContextOptions<WorldContext> options) => new(new PooledDbContextFactory<WorldContext>(options));

    /// <summary>Once in a file, also if several processes come at the same time.</summary>
    private static async Task MakeTablesAsync(string connectionString)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync();
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "PRAGMA journal_mode = 'wal'";
            await command.ExecuteNonQueryAsync();
        }

        await using var transaction = connection.BeginTransaction(deferred: false);
        await using var question = connection.CreateCommand();
        question.Transaction = transaction;
        question.CommandText = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('world', 'fortune')";
        if (await question.ExecuteScalarAsync() is not 2L)
        {
            question.CommandText = ReadScript();
            await question.ExecuteNonQueryAsync();
            await transaction.CommitAsync();
        }
    }

    private static string ReadScript()
    {
        using var stream = typeof(WorldStores).Assembly.GetManifestResourceStream("world-and-fortunes.sql")
            ?? throw new InvalidOperationException("The tables' script is not embedded in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

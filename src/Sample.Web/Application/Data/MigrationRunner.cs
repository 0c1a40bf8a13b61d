using System.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Sample.Web.Data;

namespace Sample.Web.Application.Data;

/// <summary>Brings the tables up to date, once in this process and by one process at a time. Any thread.</summary>
internal sealed class MigrationRunner(IServiceScopeFactory scopes, DatabaseSettings database) : IDisposable
{
    private const string LockName = "sample_migrations";
    private const string TooLong = "Another process has been changing the tables for too long.";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private volatile bool _done;

    /// <summary>Returns at once when it has been done. A failure is the caller's; the next caller tries again.</summary>
    public ValueTask EnsureAsync(CancellationToken cancellation) => _done ? ValueTask.CompletedTask : new ValueTask(RunAsync(cancellation));

    public void Dispose() => _oneAtATime.Dispose();

    private async Task RunAsync(CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            if (!_done)
            {
                await using var scope = scopes.CreateAsyncScope();
                await MigrateAsync(scope.ServiceProvider.GetRequiredService<IssueContext>(), cancellation);
                _done = true;
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task MigrateAsync(IssueContext context, CancellationToken cancellation)
    {
        if (database.Kind == DatabaseKind.Sqlite)
        {
            using (await LockFileAsync(cancellation))
            {
                await PrepareFileAsync(context, cancellation);
                await context.Database.MigrateAsync(cancellation);
            }

            return;
        }

        // The lock belongs to the connection: the server frees it when this process is killed.
        await context.Database.OpenConnectionAsync(cancellation);
        try
        {
            if (await ScalarAsync(context, $"SELECT GET_LOCK('{LockName}', {s_limit.TotalSeconds})", cancellation) is not (1 or 1L))
            {
                throw new TimeoutException(TooLong);
            }

            await context.Database.MigrateAsync(cancellation);
            await ScalarAsync(context, $"SELECT RELEASE_LOCK('{LockName}')", cancellation);
        }
        finally
        {
            await context.Database.CloseConnectionAsync();
        }
    }

    /// <summary>EF Core's own lock in SQLite is a row, which outlives a process that is killed; this one, a locked file, does not.</summary>
    private async Task<IDisposable?> LockFileAsync(CancellationToken cancellation)
    {
        var source = new SqliteConnectionStringBuilder(database.ConnectionString).DataSource;
        if (source is "" or ":memory:" || source.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
        {
            return null; // no file to stand beside
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_limit);
        while (true)
        {
            try
            {
                return new FileStream($"{source}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (Exception exception) when (exception is DirectoryNotFoundException or UnauthorizedAccessException)
            {
                return null; // SQLite will say what is wrong with the folder
            }
            catch (IOException)
            {
                await WaitAsync(limit.Token, cancellation); // another process has it
            }
        }
    }

    private static async Task WaitAsync(CancellationToken limit, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(s_retry, limit);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException(TooLong);
        }
    }

    private static async Task PrepareFileAsync(IssueContext context, CancellationToken cancellation)
    {
        await context.Database.OpenConnectionAsync(cancellation);

        // Readers and a writer at the same time; the file remembers it.
        await ScalarAsync(context, "PRAGMA journal_mode = 'wal'", cancellation);

        // Whoever holds the lock file is the only one who migrates: a row that is there belongs to nobody any more.
        await ScalarAsync(context, "DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellation);
        await context.Database.CloseConnectionAsync();
    }

    private static async Task<object?> ScalarAsync(IssueContext context, string sql, CancellationToken cancellation)
    {
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.CommandType = CommandType.Text;
        return await command.ExecuteScalarAsync(cancellation);
    }
}

using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Sample.Web.Application.Data;

/// <summary>
/// Keeps the provider from asking for its migrations' lock: it does so with a timeout of -1, for ever to MySQL, to which MariaDB answers NULL, and it expects an answer of
/// another type than MariaDB's. <see cref="MigrationRunner"/> holds a lock of its own meanwhile. Any thread.
/// </summary>
internal sealed class MariaDbLock : DbCommandInterceptor
{
    private const string Name = "_LOCK('__EFMigrationsLock'"; // GET or RELEASE

    public override InterceptionResult<object> ScalarExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<object> result) =>
        command.CommandText.Contains(Name, StringComparison.Ordinal) ? InterceptionResult<object>.SuppressWithResult(1L) : result;

    public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result, CancellationToken cancellationToken = default) =>
        new(ScalarExecuting(command, eventData, result));
}

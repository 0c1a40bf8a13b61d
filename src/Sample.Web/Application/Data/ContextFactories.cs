using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Sample.Web.Data;

namespace Sample.Web.Application.Data;

// What `dotnet ef` makes migrations with: it asks for a context without starting the application. docs/application.md has the command.

/// <summary>Makes the context of SQLite for <c>dotnet ef</c>.</summary>
internal sealed class SqliteContextFactory : IDesignTimeDbContextFactory<SqliteIssueContext>
{
    public SqliteIssueContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteIssueContext>().UseSqlite(DatabaseSettings.DefaultSqlite).Options);
}

/// <summary>Makes the context of MariaDB for <c>dotnet ef</c>, which does not connect to write a migration.</summary>
internal sealed class MariaDbContextFactory : IDesignTimeDbContextFactory<MariaDbIssueContext>
{
    public MariaDbIssueContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<MariaDbIssueContext>().UseMySQL("Server=127.0.0.1;Database=sample").Options);
}

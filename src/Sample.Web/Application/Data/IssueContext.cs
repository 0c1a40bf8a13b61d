using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Sample.Web.Application.Issues;

namespace Sample.Web.Application.Data;

/// <summary>The application's tables. Each database has a type of its own, since its migrations are its own. One request's.</summary>
internal abstract class IssueContext(DbContextOptions options) : DbContext(options), IDataProtectionKeyContext
{
    public DbSet<Issue> Issues => Set<Issue>();

    /// <summary>What all processes sign their forms with.</summary>
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Issue>(issue =>
        {
            issue.Property(i => i.Title).HasMaxLength(NewIssue.MaxTitle);
            issue.Property(i => i.Details).HasMaxLength(NewIssue.MaxDetails);
            issue.Property(i => i.Author).HasMaxLength(NewIssue.MaxAuthor);
            issue.HasIndex(i => new { i.State, i.Id });

            // Numbers: neither database has a type for a time with its offset.
            issue.Property(i => i.CreatedAt).HasConversion(time => time.ToUnixTimeMilliseconds(), number => DateTimeOffset.FromUnixTimeMilliseconds(number));
            issue.Property(i => i.ChangedAt).HasConversion(time => time.ToUnixTimeMilliseconds(), number => DateTimeOffset.FromUnixTimeMilliseconds(number));
        });
    }
}

/// <summary>The tables in SQLite.</summary>
internal sealed class SqliteIssueContext(DbContextOptions<SqliteIssueContext> options) : IssueContext(options);

/// <summary>The tables in MariaDB.</summary>
internal sealed class MariaDbIssueContext(DbContextOptions<MariaDbIssueContext> options) : IssueContext(options);

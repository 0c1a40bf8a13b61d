using Microsoft.EntityFrameworkCore;

namespace Sample.Web.Database;

/// <summary>The tables of the database routes, for EF Core. One call's.</summary>
internal sealed class WorldContext(DbContextOptions<WorldContext> options) : DbContext(options)
{
    public DbSet<World> Worlds => Set<World>();

    public DbSet<Fortune> Fortunes => Set<Fortune>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<World>(world =>
        {
            world.ToTable("world");
            world.Property(w => w.Id).HasColumnName("id");
            world.Property(w => w.RandomNumber).HasColumnName("randomNumber");
        });
        modelBuilder.Entity<Fortune>(fortune =>
        {
            fortune.ToTable("fortune");
            fortune.Property(f => f.Id).HasColumnName("id");
            fortune.Property(f => f.Message).HasColumnName("message");
        });
    }
}

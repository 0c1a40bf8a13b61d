using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Sample.Web.Application.Api;
using Sample.Web.Application.Data;
using Sample.Web.Application.Issues;
using Sample.Web.Application.Live;
using Sample.Web.Data;

namespace Sample.Web.Application;

/// <summary>What the application is made of.</summary>
internal static class ApplicationServices
{
    public static void AddApplication(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddIssueDatabase(DatabaseSettings.Read(configuration));
        services.AddScoped<IssueBook>();

        // In the database: every process takes the forms that another one has sent out.
        services.AddDataProtection().SetApplicationName("Sample.Web").PersistKeysToDbContext<IssueContext>();

        services.AddRazorPages().WithRazorPagesRoot("/Application/Pages");
        services.AddProblemDetails();
        services.AddExceptionHandler<ApiProblems>();
        services.AddValidation();
        services.AddOutputCache(cache => cache.AddPolicy(IssueRoutes.ListPolicy, policy => policy.Expire(IssueRoutes.ListAge).Tag(IssueRoutes.ListPolicy)));
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter<IssueState>(System.Text.Json.JsonNamingPolicy.CamelCase)));

        services.AddLiveUpdates(configuration.GetConnectionString("Redis"));
    }

    private static void AddIssueDatabase(this IServiceCollection services, DatabaseSettings database)
    {
        services.AddSingleton(database);
        services.AddSingleton<MigrationRunner>();
        switch (database.Kind)
        {
            case DatabaseKind.Sqlite:
                services.AddDbContextPool<IssueContext, SqliteIssueContext>(options => options.UseSqlite(database.ConnectionString));
                break;
            case DatabaseKind.MariaDb:
                services.AddDbContextPool<IssueContext, MariaDbIssueContext>(options => options.UseMySQL(database.ConnectionString).AddInterceptors(new MariaDbLock()));
                break;
            default:
                throw new InvalidOperationException($"No database is called {database.Kind}.");
        }
    }
}

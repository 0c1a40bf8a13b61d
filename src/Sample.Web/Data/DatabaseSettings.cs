namespace Sample.Web.Data;

/// <summary>The databases that the sample can use.</summary>
internal enum DatabaseKind
{
    /// <summary>A file, opened by the process itself.</summary>
    Sqlite,

    /// <summary>A server; MySQL speaks the same.</summary>
    MariaDb,
}

/// <summary>Which database the application and the database routes use: MariaDB if <c>ConnectionStrings:MariaDb</c> is set, otherwise SQLite.</summary>
/// <param name="Kind">The kind of database.</param>
/// <param name="ConnectionString">How to reach it.</param>
internal sealed record DatabaseSettings(DatabaseKind Kind, string ConnectionString)
{
    /// <summary>In the folder that the sample was started in.</summary>
    public const string DefaultSqlite = "Data Source=sample.db";

    public static DatabaseSettings Read(IConfiguration configuration)
    {
        return configuration.GetConnectionString("MariaDb") is { Length: > 0 } server
            ? new DatabaseSettings(DatabaseKind.MariaDb, server)
            : new DatabaseSettings(DatabaseKind.Sqlite, configuration.GetConnectionString("Sqlite") is { Length: > 0 } file ? file : DefaultSqlite);
    }
}

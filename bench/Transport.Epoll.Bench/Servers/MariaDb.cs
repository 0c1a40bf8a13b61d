using System.Globalization;

namespace Transport.Epoll.Bench.Servers;

/// <summary>A MariaDB of the bench's own, with the tables of the database routes. Disposing ends it. One caller at a time.</summary>
internal sealed class MariaDb : IAsyncDisposable
{
    private readonly string _folder;
    private readonly int _process;

    private MariaDb(string folder, int port)
    {
        (_folder, Port) = (folder, port);
        _process = int.Parse(File.ReadAllText(Path.Combine(folder, "mariadb.pid")), CultureInfo.InvariantCulture);
    }

    public static IEnumerable<string> Needs => ["mariadbd", "mariadb"];

    /// <summary>Of 127.0.0.1; database, user and password are all <c>sample</c>.</summary>
    public int Port { get; }

    /// <summary>As MySqlConnector takes it. Like the drivers of the others, it does not reset a pooled connection before each use, which is one more question to the database.</summary>
    public string ConnectionString => $"Server=127.0.0.1;Port={Port};Database=sample;User ID=sample;Password=sample;Connection Reset=false";

    /// <summary>The numbers of table <c>world</c> by id.</summary>
    public required IReadOnlyDictionary<int, int> World { get; init; }

    private static string Script => Path.Combine(Repository.Root, "scripts/mariadb.sh");

    /// <param name="folder">A folder to make one in; a second start of the same one finds its tables.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<MariaDb> StartAsync(string folder, CancellationToken cancellation)
    {
        var port = FreePort.Find();
        try
        {
            await Tool.RunAsync(Script, ["start", folder, $"{port}"], cancellation);
            var rows = await QueryAsync(folder, "SELECT id, randomNumber FROM world", cancellation);
            return new MariaDb(folder, port)
            {
                World = rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToDictionary(Number(0), Number(1)),
            };
        }
        catch
        {
            await StopAsync(folder);
            throw;
        }

        static Func<string[], int> Number(int column) => fields => int.Parse(fields[column], CultureInfo.InvariantCulture);
    }

    public Usage Usage() => ProcFiles.UsageOf([_process]);

    /// <summary>Keeps everybody from reading table <c>world</c> for a while, as a migration or a backup does.</summary>
    public Task LockAsync(TimeSpan time, CancellationToken cancellation) =>
        QueryAsync(_folder, $"LOCK TABLES world WRITE; SELECT SLEEP({time.TotalSeconds.ToString(CultureInfo.InvariantCulture)}); UNLOCK TABLES", cancellation);

    public async ValueTask DisposeAsync() => await StopAsync(_folder);

    private static Task<string> QueryAsync(string folder, string sql, CancellationToken cancellation) =>
        Tool.RunAsync(
            "mariadb",
            ["--no-defaults", "--batch", "--skip-column-names", $"--socket={folder}/mariadb.sock", "--user=sample", "--password=sample", "--execute", sql, "sample"],
            cancellation);

    /// <summary>Whatever was cancelled: it is no child of this process, and would stay.</summary>
    private static async Task StopAsync(string folder)
    {
        if (Directory.Exists(folder))
        {
            await Tool.RunAsync(Script, ["stop", folder], CancellationToken.None);
        }
    }
}

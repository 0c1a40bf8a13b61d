namespace Sample.Web.Tests.Support;

/// <summary>A MariaDB in a folder of its own, as scripts/mariadb.sh starts it; stopped, and gone, after the test.</summary>
internal sealed class MariaDb : IAsyncDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly int _port = Ports.FindPair();

    private MariaDb()
    {
    }

    public string ConnectionString { get; private set; } = "";

    public static async Task<MariaDb> StartNewAsync()
    {
        Tool.Require("mariadbd", "mariadb-server");
        var server = new MariaDb();
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async Task StartAsync() =>
        ConnectionString = (await Scripts.RunAsync("mariadb.sh", "start", _folder.File("db"), $"{_port}")).TrimEnd().Split('\n')[^1];

    public Task StopAsync() => Scripts.RunAsync("mariadb.sh", "stop", _folder.File("db"));

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(_folder.File("db")))
        {
            await StopAsync();
        }

        _folder.Dispose();
    }
}

using System.Globalization;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Application;

/// <summary>Two processes of the sample behind nginx, with Redis and MariaDB, as scripts/cluster.sh starts them. Stopped after the test.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly int _port = Ports.FindPair();

    private Cluster()
    {
    }

    public string Address => $"http://127.0.0.1:{_port}";

    private string Folder => _folder.File("c");

    public static async Task<Cluster> StartNewAsync()
    {
        Tool.Require("mariadbd", "mariadb-server");
        Tool.Require("redis-server", "redis-server");
        Tool.Require("nginx", "nginx-light");
        var cluster = new Cluster();
        Environment.SetEnvironmentVariable("SAMPLE", SampleProcess.Assembly);
        try
        {
            await Scripts.RunAsync("cluster.sh", "start", cluster.Folder, $"{cluster._port}");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public Task StartAsync(string part) => Scripts.RunAsync("cluster.sh", "start", Folder, part);

    public Task StopAsync(string part) => Scripts.RunAsync("cluster.sh", "stop", Folder, part);

    public int ProcessId(string part) => int.Parse(File.ReadAllText(Path.Combine(Folder, $"{part}.pid")), CultureInfo.InvariantCulture);

    public string Log(string part) => File.ReadAllText(Path.Combine(Folder, $"{part}.log"));

    /// <summary>A client without cookies: its requests go to either process.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(Address), Timeout = 2 * Deadline.Long };

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Folder))
        {
            await Scripts.RunAsync("cluster.sh", "stop", Folder);
        }

        _folder.Dispose();
    }
}

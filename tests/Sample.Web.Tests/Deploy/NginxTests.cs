using System.Net.Sockets;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Deploy;

/// <summary>The configurations of <c>deploy/nginx</c> in a real nginx, before real processes on unix sockets.</summary>
public class NginxTests
{
    public NginxTests() => Tool.Require("nginx", "nginx-light");

    [Fact]
    public async Task OneProcess_Requests_KeepTheirConnectionToTheApp()
    {
        using var folder = new ScratchFolder();
        await using var sample = await StartSampleAsync(folder, 1);
        await using var nginx = await StartNginxAsync(folder, "one-process.conf");
        using var client = CreateClient(folder);

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("Hello, World!", await GetAsync(client, "/plaintext"));
        }

        Assert.Contains("\"connections\":1,", await GetAsync(client, "/info"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralProcesses_WebSocket_IsPassedOn()
    {
        using var folder = new ScratchFolder();
        await using var first = await StartSampleAsync(folder, 1);
        await using var second = await StartSampleAsync(folder, 2);
        await using var nginx = await StartNginxAsync(folder, "several-processes.conf");
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        using var invoker = new HttpMessageInvoker(CreateHandler(folder));
        using var limit = new CancellationTokenSource(Deadline.Long);

        await socket.ConnectAsync(new Uri("ws://localhost/ws"), invoker, limit.Token);
        await socket.SendAsync("there and back"u8.ToArray(), System.Net.WebSockets.WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        var buffer = new byte[100];
        var received = await socket.ReceiveAsync(buffer, limit.Token);

        Assert.Equal("there and back"u8.ToArray(), buffer[..received.Count]);
    }

    [Fact]
    public async Task SeveralProcesses_OneStopsUnderTraffic_NoRequestFails()
    {
        using var folder = new ScratchFolder();
        await using var first = await StartSampleAsync(folder, 1);
        await using var second = await StartSampleAsync(folder, 2);
        await using var nginx = await StartNginxAsync(folder, "several-processes.conf");
        using var stop = new CancellationTokenSource();
        var answered = 0;
        var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            using var client = CreateClient(folder);
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal("Hello, World!", await GetAsync(client, "/plaintext"));
                Interlocked.Increment(ref answered);
            }
        })).ToList();

        await Deadline.UntilAsync(() => answered >= 500, "500 answers from both", Deadline.Long);
        Assert.Equal(0, await first.StopAsync());
        var before = answered;
        await Deadline.UntilAsync(() => answered >= before + 500, "500 more from the other", Deadline.Long);
        await stop.CancelAsync();

        await Task.WhenAll(clients).WithTimeout(Deadline.Long);
    }

    private static Task<SampleProcess> StartSampleAsync(ScratchFolder folder, int number)
        => SampleProcess.StartAsync("--urls", $"http://unix:{folder.File($"{number}.sock")}");

    /// <summary>nginx in the foreground, with the configuration as it is but for the places of the sockets.</summary>
    private static async Task<RunningTool> StartNginxAsync(ScratchFolder folder, string configuration)
    {
        var text = DeployFiles.Read($"nginx/{configuration}");
        Assert.Contains("listen 80;", text, StringComparison.Ordinal);
        Assert.Contains("unix:/run/sample-web/1.sock", text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder.File("site.conf"), text
            .Replace("listen 80;", $"listen unix:{folder.File("front.sock")};", StringComparison.Ordinal)
            .Replace("/run/sample-web", Path.GetDirectoryName(folder.File("1.sock")), StringComparison.Ordinal));
        await File.WriteAllTextAsync(folder.File("nginx.conf"), $$"""
            daemon off;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            pid {{folder.File("nginx.pid")}};
            error_log stderr;
            events {}
            http {
              access_log off;
              client_body_temp_path {{folder.File("body")}};
              proxy_temp_path {{folder.File("proxy")}};
              fastcgi_temp_path {{folder.File("fastcgi")}};
              scgi_temp_path {{folder.File("scgi")}};
              uwsgi_temp_path {{folder.File("uwsgi")}};
              include {{folder.File("site.conf")}};
            }
            """);
        var nginx = RunningTool.Start(File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx", ["-c", folder.File("nginx.conf"), "-e", "stderr"]);
        try
        {
            await Deadline.UntilAsync(() => File.Exists(folder.File("front.sock")) || nginx.HasExited, "nginx");
            Assert.False(nginx.HasExited, nginx.Log);
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    private static HttpClient CreateClient(ScratchFolder folder)
        => new(CreateHandler(folder)) { BaseAddress = new Uri("http://localhost"), Timeout = Deadline.Long };

    private static SocketsHttpHandler CreateHandler(ScratchFolder folder) => new()
    {
        UseProxy = false,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(folder.File("front.sock")), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    private static Task<string> GetAsync(HttpClient client, string path) => client.GetStringAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Long);
}

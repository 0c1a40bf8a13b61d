using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Deploy;

/// <summary>The units of <c>deploy/systemd</c>: what systemd itself says of them, and their protocol with a small service manager.</summary>
public class SystemdUnitTests
{
    private const string Service = "sample-web@.service";

    public SystemdUnitTests()
    {
        Tool.Require("systemd-analyze", "systemd");
        Tool.Require("curl", "curl");
    }

    [Fact]
    public async Task Verify_AllUnits_SystemdFindsNothingWrong()
    {
        using var folder = new ScratchFolder();
        foreach (var unit in Directory.EnumerateFiles(DeployFiles.Path("systemd")))
        {
            // Whether the app is installed on this machine is not asked.
            var text = (await File.ReadAllTextAsync(unit)).Replace("ExecStart=/opt/sample-web/Sample.Web", "ExecStart=/bin/true", StringComparison.Ordinal);
            await File.WriteAllTextAsync(folder.File(Path.GetFileName(unit)), text);
        }

        var result = await Tool.RunAsync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no",
            folder.File("sample-web@1.service"), folder.File("sample-web@1.socket"), folder.File("sample-web.socket")]);

        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Security_Service_IsAtMostTwoOfTen()
    {
        var result = await Tool.RunAsync("systemd-analyze", ["security", "--offline=yes", "--threshold=20", "--no-pager", DeployFiles.Path($"systemd/{Service}")]);

        Assert.True(result.ExitCode == 0, $"{result.Error}\n{result.Output}");
        Assert.Contains("Overall exposure level", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Stop_Service_HasTheTimeOfTheHostAndMore()
    {
        var hostsTime = new HostOptions().ShutdownTimeout.TotalSeconds;

        var seconds = int.Parse(Assert.Single(DeployFiles.UnitValues(Service, "TimeoutStopSec")), CultureInfo.InvariantCulture);

        Assert.InRange(seconds, hostsTime + 5, hostsTime + 30);
    }

    [Fact]
    public async Task Notify_StartReloadStop_TellsTheManagerAndKeepsConnections()
    {
        Assert.Equal(["notify"], DeployFiles.UnitValues(Service, "Type"));
        await using var manager = new ServiceManager();
        var settings = Path.Combine(manager.WorkingDirectory, "appsettings.json");
        await File.WriteAllTextAsync(settings, "{}");
        await using var sample = manager.Start();
        Assert.Equal("READY=1", await manager.NextStateAsync());
        using var old = await ConnectAsync(manager.Port);

        // Reload of endpoints: Kestrel sees the file change and binds one more.
        var path = Path.Combine(manager.WorkingDirectory, "second.sock");
        await File.WriteAllTextAsync(settings, $$$"""{ "Kestrel": { "Endpoints": { "Second": { "Url": "http://unix:{{{path}}}" } } } }""");
        await Deadline.UntilAsync(() => File.Exists(path), "the second endpoint", Deadline.Long);
        var second = await Tool.RunAsync("curl", ["--silent", "--show-error", "--retry", "20", "--retry-connrefused", "--max-time", "20", "--unix-socket", path, "http://localhost/plaintext"]);
        Assert.Equal("Hello, World!", second.Output);
        await AskAsync(old); // the connection from before is still served
        await File.WriteAllTextAsync(settings, "{}");
        await Deadline.UntilAsync(() => !File.Exists(path), "the end of the second endpoint", Deadline.Long);
        await AskAsync(old);

        Assert.Equal(0, await sample.StopAsync());
        Assert.Equal("STOPPING=1", await manager.NextStateAsync());
    }

    [Fact]
    public async Task Restart_SocketHeldByTheManager_ClientsWaitAndNoneIsLost()
    {
        await using var manager = new ServiceManager();
        await using (var first = manager.Start())
        {
            Assert.Equal("READY=1", await manager.NextStateAsync());
            Assert.Equal(0, await first.StopAsync());
            Assert.Equal("STOPPING=1", await manager.NextStateAsync());
        }

        // Nobody serves now: these wait in the queue of the socket.
        var waiting = Enumerable.Range(0, 20).Select(_ => GetAsync(manager.Port)).ToList();

        await using var next = manager.Start();
        foreach (var result in await Task.WhenAll(waiting))
        {
            Assert.Equal("Hello, World!", result.Output);
        }
    }

    private static Task<ToolResult> GetAsync(int port)
        => Tool.RunAsync("curl", ["--silent", "--show-error", "--max-time", "25", $"http://127.0.0.1:{port}/plaintext"]);

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port).WithTimeout(Deadline.Long);
        await AskAsync(client);
        return client;
    }

    /// <summary>A request and its answer on a connection that stays open.</summary>
    private static async Task AskAsync(TcpClient client)
    {
        await client.GetStream().WriteAsync("GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        var buffer = new byte[4096];
        var text = "";
        while (!text.EndsWith("Hello, World!", StringComparison.Ordinal))
        {
            var length = await client.GetStream().ReadAsync(buffer).AsTask().WithTimeout(Deadline.Long);
            Assert.True(length > 0, $"The connection ended after: {text}");
            text += System.Text.Encoding.ASCII.GetString(buffer, 0, length);
        }
    }
}

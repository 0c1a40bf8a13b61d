using System.Net;
using System.Net.Sockets;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests;

public class SystemdActivationTests
{
    public SystemdActivationTests()
    {
        Tool.Require("systemd-socket-activate", "systemd");
        Tool.Require("curl", "curl");
    }

    [Theory]
    [ClassData(typeof(TransportNames))]
    public async Task Activate_TcpPort_IsServedFromTheInheritedSocket(string transport)
    {
        var port = FreePort();
        await using var sample = await ActivateAsync($"127.0.0.1:{port}", transport);

        var result = await Tool.RunAsync("curl", ["--silent", "--show-error", "--max-time", "20", $"http://127.0.0.1:{port}/info"]);

        Assert.Contains($"\"transport\":\"{transport}\"", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", sample.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Activate_UnixSocket_IsServedFromTheInheritedSocket()
    {
        using var folder = new ScratchFolder();
        var path = folder.File("activated.sock");
        await using var sample = await ActivateAsync(path, "epoll");

        var result = await Tool.RunAsync("curl", ["--silent", "--show-error", "--max-time", "20", "--unix-socket", path, "http://localhost/info"]);

        Assert.Contains("\"transport\":\"epoll\"", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", sample.Log, StringComparison.Ordinal);
    }

    /// <summary>It listens, and becomes the sample when the first connection is there.</summary>
    private static async Task<SampleProcess> ActivateAsync(string listen, string transport)
    {
        var sample = SampleProcess.Launch("systemd-socket-activate", ["-l", listen, "-E", "PATH", "-E", "HOME", "-E", "DOTNET_ROOT", DotnetPath(), SampleProcess.Assembly, "--transport", transport]);
        await Deadline.UntilAsync(() => sample.Log.Contains("Listening on", StringComparison.Ordinal), "the listening socket");
        return sample;
    }

    private static string DotnetPath()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        return Path.IsPathRooted(SampleProcess.Dotnet)
            ? SampleProcess.Dotnet
            : folders.Select(folder => Path.Combine(folder, SampleProcess.Dotnet)).First(File.Exists);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

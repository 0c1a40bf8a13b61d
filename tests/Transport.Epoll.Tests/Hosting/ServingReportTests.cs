using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>The line by which an operator sees that epoll serves.</summary>
public sealed class ServingReportTests
{
    private const int Serving = 20;

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Start_SeveralEndPoints_SaysOnceThatEpollServes(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.Run(context => context.Response.WriteAsync("served")),
            kestrel =>
            {
                kestrel.Listen(IPAddress.Loopback, 0);
                kestrel.Listen(IPAddress.Loopback, 0);
            });
        await host.Logs.WaitForAsync(kind, Serving);
        using var client = host.CreateClient();
        await client.GetStringAsync(host.Addresses[1]).WithTimeout();

        var line = Assert.Single(host.Logs.Of(kind, Serving));
        var limit = DescriptorLimit();
        Assert.Equal((LogLevel.Information, "Serving"), (line.Level, line.Id.Name));
        Assert.StartsWith($"Serving with epoll: loops 2, scheduling {kind.ToString()["Epoll".Length..]}, sharding SharedSocket, backlog ", line.Message, StringComparison.Ordinal);
        Assert.EndsWith($", open descriptors at most {limit} (soft RLIMIT_NOFILE).", line.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4096\n", "backlog 512, ")]
    [InlineData("512\n", "backlog 512, ")]
    [InlineData("128\n", "backlog 128 (net.core.somaxconn caps the 512 of the options), ")]
    [InlineData("unreadable", "backlog 512, ")]
    public async Task Write_Somaxconn_IsNamedWhereItIsBelowTheBacklog(string somaxconn, string expected)
    {
        using var logs = new CapturingLoggerProvider();
        var report = new ServingReport(new EpollTransportOptions(), logs.CreateLogger("Transport.Epoll"));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => report.Write(new ScriptedKernel { SoMaxConn = somaxconn })))).WithTimeout();

        Assert.Contains(expected, Assert.Single(logs.Records).Message, StringComparison.Ordinal);
    }

    /// <summary>The third column of /proc/self/limits is the soft limit (proc(5)).</summary>
    private static int DescriptorLimit()
    {
        var line = File.ReadLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return int.Parse(line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
    }
}

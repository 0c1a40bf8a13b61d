using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>The lines that need Kestrel above the transport.</summary>
public sealed class KestrelLifetimeTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "10")]
    public async Task ConnectionHandler_FirstUserCode_RunsOnThePool(TransportKind kind)
    {
        var thread = new TaskCompletionSource<(bool Pool, string? Name)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(
            kind,
            _ => { },
            kestrel => kestrel.ListenConnections(connection =>
            {
                thread.TrySetResult((Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.Name));
                return Task.CompletedTask;
            }));
        using var client = await RawClient.ConnectAsync(host.EndPoint);

        var (pool, name) = await thread.Task.WithTimeout();
        Assert.True(pool, $"The first user code ran on '{name}'");
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "11")]
    public async Task MaxConcurrentConnections_OneTooMany_IsClosedUnread(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.Run(context => context.Response.WriteAsync("served")),
            kestrel =>
            {
                kestrel.Limits.MaxConcurrentConnections = 1;
                kestrel.Listen(System.Net.IPAddress.Loopback, 0);
            });
        using var first = await RawClient.ConnectAsync(host.EndPoint);
        await first.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await first.ReadUntilAsync("served");

        using (var second = await RawClient.ConnectAsync(host.EndPoint))
        {
            var (bytes, _) = await second.ReadToEndOrResetAsync();
            Assert.Empty(bytes);
        }

        await first.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await first.ReadUntilAsync("served");
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "27")]
    public async Task StopAsync_RequestInFlight_UnbindsFirstAndLetsItComplete(TransportKind kind)
    {
        var entered = new Gate();
        var release = new Gate();
        await using var host = await TestHost.StartAsync(kind, app => app.Run(async context =>
        {
            entered.Open();
            await release.PassAsync();
            await context.Response.WriteAsync("completed");
        }));
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await entered.PassAsync();

        var stopping = host.App.StopAsync();
        await Waiting.UntilAsync(() => IsRefused(host));
        release.Open();

        await client.ReadUntilAsync("completed");
        await stopping.WithTimeout();
        await client.ReadToEndAsync();
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "27")]
    public async Task StopAsync_TimeIsUp_AbortsWhatIsLeft(TransportKind kind)
    {
        var entered = new Gate();
        var aborted = new Gate();
        await using var host = await TestHost.StartAsync(kind, app => app.Run(async context =>
        {
            entered.Open();
            context.RequestAborted.Register(aborted.Open);
            await aborted.PassAsync();
        }));
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await entered.PassAsync();

        await host.App.StopAsync(new CancellationToken(canceled: true)).WithTimeout();

        await aborted.PassAsync();
        var (bytes, _) = await client.ReadToEndOrResetAsync();
        Assert.Empty(bytes);
        Assert.DoesNotContain(host.Logs.Records, record => record.Level == LogLevel.Critical);
    }

    private static bool IsRefused(TestHost host)
    {
        using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(host.EndPoint);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}

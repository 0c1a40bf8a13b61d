using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Faults;

/// <summary>
/// A metrics listener of the app that throws or never returns, on whatever thread a measurement is made: Kestrel ends the connection concerned, and the
/// one loop serves on.
/// </summary>
public sealed class HostileApplicationMetricsTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    private const int MaxVictims = 20;

    [Theory]
    [InlineData(TransportKind.EpollAuto, true)]
    [InlineData(TransportKind.EpollAuto, false)]
    [InlineData(TransportKind.EpollInline, true)]
    [InlineData(TransportKind.EpollThreadPool, true)]
    public async Task Measurement_ListenerThrowsOrIsStuck_TheLoopGoesOn(TransportKind kind, bool throws)
    {
        using var gate = new ManualResetEventSlim();
        await using var host = await StartAsync(kind);
        using var neighbour = await RawClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, host.Addresses[1].Port));
        await EchoAsync(neighbour);
        using var listener = new HostileMeterListener(host.App, throws ? Throw : () => gate.Wait(Waiting.Limit));
        List<RawClient> victims = [];
        var onLoop = false;

        // On the pool, where a callback of Auto may be as well, the loop has no part in it.
        while (!onLoop && victims.Count < (kind == TransportKind.EpollThreadPool ? 1 : MaxVictims))
        {
            var victim = await ConnectAndAskAsync(host);
            victims.Add(victim);
            listener.IsHostile = true;
            await victim.SendAsync(Request);
            onLoop = await listener.NextAsync(HostileMeterListener.Hosting) is { } thread && thread.StartsWith("epoll-loop-", StringComparison.Ordinal);
            await AssertEndsAsync(victim, throws);
            await EchoAsync(neighbour);
            listener.IsHostile = false;
        }

        listener.IsHostile = true;
        victims.Add(await RawClient.ConnectAsync(host.EndPoint));
        await listener.NextAsync(HostileMeterListener.Kestrel);
        await AssertEndsAsync(victims[^1], throws);
        var observing = Task.Factory.StartNew(listener.Observe, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await listener.NextAsync(SchedulingCounters.MeterName);
        await EchoAsync(neighbour);
        listener.IsHostile = false;

        using var newcomer = await ConnectAndAskAsync(host);
        Assert.False(gate.IsSet);
        gate.Set();
        Assert.Equal(throws, await Record.ExceptionAsync(() => observing.WithTimeout()) is not null);
        Assert.Equal(kind != TransportKind.EpollThreadPool, onLoop);
        victims.ForEach(victim => victim.Dispose());
    }

    /// <summary>HTTP, and an endpoint without it whose connections measure nothing once they are served.</summary>
    private static Task<TestHost> StartAsync(TransportKind kind) => TestHost.StartAsync(
        kind,
        app => app.MapGet("/", () => "<served>"),
        kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Run(EchoAsync));
        },
        services => services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2)),
        new TransportTuning { LoopCount = 1 });

    private static async Task EchoAsync(ConnectionContext connection)
    {
        while (await connection.Transport.Input.ReadAsync() is { IsCompleted: false } read)
        {
            await connection.Transport.Output.WriteAsync(read.Buffer.ToArray());
            connection.Transport.Input.AdvanceTo(read.Buffer.End);
        }
    }

    private static async Task EchoAsync(RawClient client)
    {
        await client.SendAsync("ping");
        Assert.Equal("ping", await client.ReadTextAsync(4));
    }

    private static async Task<RawClient> ConnectAndAskAsync(TestHost host)
    {
        var client = await RawClient.ConnectAsync(host.EndPoint);
        for (var i = 0; i < 20; i++) // so often that its loop knows it, though the one before was slow when it was new
        {
            await client.SendAsync(Request);
            await client.ReadUntilAsync("<served>");
        }

        return client;
    }

    /// <summary>Kestrel ends a connection whose measurement throws; one whose measurement is stuck stays.</summary>
    private static async Task AssertEndsAsync(RawClient client, bool throws)
    {
        if (throws)
        {
            await client.ReadToEndOrResetAsync();
        }
    }

    private static void Throw() => throw new InvalidOperationException("from the application");
}

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>Every kind of endpoint, through Kestrel.</summary>
public sealed class EndPointTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task ListenUnixSocket_Path_IsServedAndRemovedAtTheEnd(TransportKind kind)
    {
        using var path = new TempSocketPath();
        await using (await StartAsync(kind, kestrel => kestrel.ListenUnixSocket(path.Path)))
        {
            await ExpectServedAsync(path.EndPoint);
        }

        Assert.False(File.Exists(path.Path));
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task ListenUnixSocket_StaleFile_IsReplaced(TransportKind kind)
    {
        using var path = new TempSocketPath();
        using (var crashed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            crashed.Bind(path.EndPoint);

            // Renamed while it closes, the file stays, as after a crash.
            File.Move(path.Path, path.Path + ".kept");
        }

        File.Move(path.Path + ".kept", path.Path);
        await using var host = await StartAsync(kind, kestrel => kestrel.ListenUnixSocket(path.Path));
        await ExpectServedAsync(path.EndPoint);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task ListenUnixSocket_OrdinaryFile_IsNotTouched(TransportKind kind)
    {
        using var path = new TempSocketPath();
        await File.WriteAllTextAsync(path.Path, "precious");

        await Assert.ThrowsAnyAsync<IOException>(() => StartAsync(kind, kestrel => kestrel.ListenUnixSocket(path.Path)));

        Assert.Equal("precious", await File.ReadAllTextAsync(path.Path));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Listen_AbstractUnixSocket_IsServed(TransportKind kind)
    {
        var endPoint = new UnixDomainSocketEndPoint($"\0te-{Guid.NewGuid():N}");
        await using var host = await StartAsync(kind, kestrel => kestrel.Listen(endPoint));
        await ExpectServedAsync(endPoint);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Listen_IPv6Loopback_IsServed(TransportKind kind)
    {
        // Another server may have the same port of IPv4, but hardly time and again.
        for (var i = 0; i < 5; i++)
        {
            await using var host = await StartAsync(kind, kestrel => kestrel.Listen(IPAddress.IPv6Loopback, 0));
            await ExpectServedAsync(new IPEndPoint(IPAddress.IPv6Loopback, host.Address.Port));
            using Socket ofIPv4 = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            if (Record.Exception(() => ofIPv4.Bind(host.EndPoint)) is null)
            {
                await Assert.ThrowsAnyAsync<SocketException>(() => RawClient.ConnectAsync(host.EndPoint));
                return;
            }
        }

        Assert.Fail("The port of IPv4 was taken each time.");
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task ListenAnyIP_PortZero_IsServedOnBothFamilies(TransportKind kind)
    {
        await using var host = await StartAsync(kind, kestrel => kestrel.ListenAnyIP(0));
        await ExpectServedAsync(new IPEndPoint(IPAddress.Loopback, host.Address.Port));
        await ExpectServedAsync(new IPEndPoint(IPAddress.IPv6Loopback, host.Address.Port));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task ListenLocalhost_FreePort_IsServedOnBothFamilies(TransportKind kind)
    {
        var port = FreePort();
        await using var host = await StartAsync(kind, kestrel => kestrel.ListenLocalhost(port));
        await ExpectServedAsync(new IPEndPoint(IPAddress.Loopback, port));
        await ExpectServedAsync(new IPEndPoint(IPAddress.IPv6Loopback, port));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Listen_PortZeroWithFourLoops_IsOnePort(TransportKind kind)
    {
        await using var host = await StartAsync(
            kind,
            kestrel => kestrel.Listen(IPAddress.Loopback, 0),
            tuning: new TransportTuning { LoopCount = 4 });
        Assert.Single(host.Addresses);
        for (var i = 0; i < 40; i++)
        {
            await ExpectServedAsync(host.EndPoint);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Listen_SeveralEndPoints_AreAllServed(TransportKind kind)
    {
        using var path = new TempSocketPath();
        await using var host = await StartAsync(kind, kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.IPv6Loopback, 0);
            kestrel.ListenUnixSocket(path.Path);
        });

        Assert.Equal(4, host.Addresses.Count);
        await ExpectServedAsync(new IPEndPoint(IPAddress.Loopback, host.Addresses[0].Port));
        await ExpectServedAsync(new IPEndPoint(IPAddress.Loopback, host.Addresses[1].Port));
        await ExpectServedAsync(new IPEndPoint(IPAddress.IPv6Loopback, host.Addresses[2].Port));
        await ExpectServedAsync(path.EndPoint);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "1")]
    public async Task Listen_EndPointOfAnotherFactory_IsServedBeside(TransportKind kind)
    {
        await using var host = await StartAsync(
            kind,
            kestrel =>
            {
                kestrel.Listen(IPAddress.Loopback, 0);
                kestrel.Listen(new InMemoryEndPoint("beside"));
            },
            services => services.AddSingleton<IConnectionListenerFactory, InMemoryListenerFactory>());
        await ExpectServedAsync(host.EndPoint);

        var bound = host.App.Services.GetServices<IConnectionListenerFactory>().OfType<InMemoryListenerFactory>().Single().Bound;
        Assert.Equal([new InMemoryEndPoint("beside")], bound);
    }

    private static Task<TestHost> StartAsync(
        TransportKind kind,
        Action<KestrelServerOptions> kestrel,
        Action<IServiceCollection>? services = null,
        TransportTuning? tuning = null) =>
        TestHost.StartAsync(kind, app => app.Run(context => context.Response.WriteAsync("served")), kestrel, services, tuning);

    private static async Task ExpectServedAsync(EndPoint endPoint)
    {
        using var client = await RawClient.ConnectAsync(endPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await client.ReadUntilAsync("served");
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>What an application has told Kestrel's own transport holds for ours, too.</summary>
[SupportedOSPlatform("linux")]
[Collection(RunsAlone.Name)]
public sealed class SocketsSettingsTests
{
    private const UnixFileMode OnlyTheUser = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UseSockets_AppBindsItsUnixSocketItself_ItsModeHolds(bool before)
    {
        using var path = new TempSocketPath();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (before)
        {
            builder.WebHost.UseSockets(options => options.CreateBoundListenSocket = BindPrivately).UseEpollTransport();
        }
        else
        {
            builder.WebHost.UseEpollTransport();
            builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = BindPrivately);
        }

        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path.Path));
        await using var app = builder.Build();
        ServingTransport.Answer(app);

        await app.StartAsync().WithTimeout();

        Assert.Equal(OnlyTheUser, File.GetUnixFileMode(path.Path));
        using var client = await RawClient.ConnectAsync(path.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadUntilAsync(ServingTransport.Epoll);
        await app.StopAsync().WithTimeout();
        Assert.False(File.Exists(path.Path));
    }

    [Fact]
    public async Task BindAsync_CustomTcpSocket_IsServedWithTheOptionsThatItHas()
    {
        Socket? made = null;
        await using var services = Services(options => options.CreateBoundListenSocket = endPoint =>
        {
            made = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            made.ReceiveBufferSize = 12_345;
            return made;
        });
        await using var listener = await Factory(services).BindAsync(AnyPort).WithTimeout();

        Assert.Equal(made!.LocalEndPoint, listener.EndPoint);
        using var client = await RawClient.ConnectAsync(listener.EndPoint);
        await using var server = (await listener.AcceptAsync().WithTimeout())!;
        await client.SendAsync("served");
        await server.ExpectTextAsync("served");
        var socket = server.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>()!.Socket;
        Assert.Equal(2 * 12_345, socket.ReceiveBufferSize); // the kernel doubles it (socket(7))
        Assert.True(socket.NoDelay);
    }

    [Fact]
    public async Task DisposeAsync_CustomTcpSocket_ItsPortIsFree()
    {
        await using var services = Services(options => options.CreateBoundListenSocket = endPoint => SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        var listener = await Factory(services).BindAsync(AnyPort).WithTimeout();
        await listener.UnbindAsync().WithTimeout();
        await listener.DisposeAsync().WithTimeout();

        await using var again = await Factory(services).BindAsync(listener.EndPoint).WithTimeout();

        Assert.Equal(listener.EndPoint, again.EndPoint);
    }

    [Fact]
    public async Task UnbindAsync_CustomSocketDoesNotOwnItsHandle_LeavesItsQueueToTheOwner()
    {
        using var owner = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        owner.Bind(AnyPort);
        owner.Listen();
        await using var services = Services(options => options.CreateBoundListenSocket = _ => new Socket(new SafeSocketHandle(owner.Handle, ownsHandle: false)));
        var listener = await Factory(services).BindAsync(AnyPort).WithTimeout();
        Assert.Equal(owner.LocalEndPoint, listener.EndPoint);

        await listener.UnbindAsync().WithTimeout();
        await listener.DisposeAsync().WithTimeout();

        using var client = await RawClient.ConnectAsync(owner.LocalEndPoint!);
        using var successor = await owner.AcceptAsync().WithTimeout();
    }

    [Fact]
    public async Task UnbindAsync_CustomUnixSocketAndASuccessorsFile_KeepsTheFile()
    {
        using var path = new TempSocketPath();
        await using var services = Services(options => options.CreateBoundListenSocket = BindPrivately);
        var listener = await Factory(services).BindAsync(path.EndPoint).WithTimeout();
        File.Delete(path.Path);
        using var successor = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        successor.Bind(path.EndPoint);

        await listener.UnbindAsync().WithTimeout();
        await listener.DisposeAsync().WithTimeout();

        Assert.True(File.Exists(path.Path));
    }

    [Fact]
    public async Task BindAsync_CustomFindsTheAddressTaken_ThrowsAddressInUse()
    {
        await using var services = Services(options => options.CreateBoundListenSocket = endPoint => SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        await using var first = await Factory(services).BindAsync(AnyPort).WithTimeout();

        await Assert.ThrowsAsync<AddressInUseException>(() => Factory(services).BindAsync(first.EndPoint).WithTimeout());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BindAsync_CustomGivesNoBoundSocket_SaysWhatIsAllowed(bool isNull)
    {
        await using var services = Services(options => options.CreateBoundListenSocket =
            _ => isNull ? null! : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => Factory(services).BindAsync(AnyPort).WithTimeout());

        Assert.Contains("CreateBoundListenSocket", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Allowed is", exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Options_ChangedForSockets_AreTakenOver()
    {
        using var services = Services(ChangeAll);

        var options = services.GetRequiredService<IOptions<EpollTransportOptions>>().Value;

        Assert.Equal((77, false, 1000, null), (options.Backlog, options.NoDelay, options.MaxReadBufferSize, options.MaxWriteBufferSize));
    }

    /// <summary>That transport passes on whatever it is given, and the kernel caps it: no reason not to start.</summary>
    [Theory]
    [InlineData(int.MaxValue, 65535)]
    [InlineData(0, 1)]
    public void Options_BacklogOfSocketsIsBeyondOurRange_IsTheNearest(int given, int taken)
    {
        using var services = Services(options => options.Backlog = given);

        Assert.Equal(taken, services.GetRequiredService<IOptions<EpollTransportOptions>>().Value.Backlog);
    }

    [Fact]
    public void Options_UnchangedForSockets_AreOurDefaults()
    {
        using var services = Services(_ => { });

        var options = services.GetRequiredService<IOptions<EpollTransportOptions>>().Value;

        Assert.Equal((512, true, 1024 * 1024, 64 * 1024), (options.Backlog, options.NoDelay, options.MaxReadBufferSize, options.MaxWriteBufferSize));
        Assert.Null(options.CreateBoundListenSocket);
        Assert.Empty(options.IgnoredSocketOptions);
    }

    /// <summary>Also where they say our default.</summary>
    [Fact]
    public void Options_ConfigurationAndCodeSayOtherwise_Win()
    {
        using var services = Services(ChangeAll, ours => ours.NoDelay = true, new() { ["Backlog"] = "512", ["MaxWriteBufferSize"] = "65536" });

        var options = services.GetRequiredService<IOptions<EpollTransportOptions>>().Value;

        Assert.Equal((512, true, 1000, 65536), (options.Backlog, options.NoDelay, options.MaxReadBufferSize, options.MaxWriteBufferSize));
    }

    [Fact]
    public async Task New_OthersWereChanged_NamesThemOnce()
    {
        using var logs = new CapturingLoggerProvider();
        await using var services = Services(ChangeAll, logs: logs);

        _ = Factory(services);

        await Waiting.UntilAsync(() => logs.Records.Any(record => record.Id.Name == "SocketOptionsIgnored"));
        var line = Assert.Single(logs.Records, record => record.Id.Name == "SocketOptionsIgnored");
        Assert.Contains("IOQueueCount, UnsafePreferInlineScheduling, WaitForDataBeforeAllocatingBuffer", line.Message, StringComparison.Ordinal);
    }

    private static void ChangeAll(SocketTransportOptions options)
    {
        options.Backlog = 77;
        options.NoDelay = false;
        options.MaxReadBufferSize = 1000;
        options.MaxWriteBufferSize = null;
        options.IOQueueCount = 41;
        options.UnsafePreferInlineScheduling = true;
        options.WaitForDataBeforeAllocatingBuffer = false;
    }

    private static Socket BindPrivately(EndPoint endPoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        File.SetUnixFileMode(endPoint.ToString()!, OnlyTheUser);
        return socket;
    }

    private static ServiceProvider Services(Action<SocketTransportOptions> sockets, Action<EpollTransportOptions>? ours = null,
        Dictionary<string, string?>? section = null, CapturingLoggerProvider? logs = null)
    {
        var keys = (section ?? []).ToDictionary(entry => $"{EpollTransportOptions.ConfigurationSection}:{entry.Key}", entry => entry.Value);
        return new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(logs ?? new CapturingLoggerProvider()))
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(keys).Build())
            .AddEpollTransport(ours)
            .Configure(sockets)
            .BuildServiceProvider();
    }

    private static IConnectionListenerFactory Factory(IServiceProvider services) => services.GetServices<IConnectionListenerFactory>().Last();
}

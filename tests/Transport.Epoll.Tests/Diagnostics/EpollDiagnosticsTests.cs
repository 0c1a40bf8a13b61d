using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

public class EpollDiagnosticsTests
{
    [Fact]
    public async Task Capture_OpenConnections_ListsThemAndNoneThatHaveEnded()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(loops: 2);
        List<(RawClient Client, ConnectionContext Server)> pairs = [];
        for (int i = 0; i < 6; i++)
        {
            pairs.Add(await transport.ConnectAsync());
        }

        await pairs[0].Client.SendAsync("hello");
        await pairs[0].Server.Transport.Input.ReadAsync().WithTimeout();
        await Waiting.UntilAsync(() => transport.Diagnostics.Capture().Connections.Count == pairs.Count); // the last ones' loop may be about to register them

        EpollSnapshot snapshot = transport.Diagnostics.Capture(new EpollCaptureOptions { WithTcpInfo = true });
        Assert.Equal(pairs.Select(pair => pair.Server.ConnectionId).Order(), snapshot.Connections.Select(connection => connection.Id).Order());
        Assert.Equal(6, snapshot.ConnectionCount);
        Assert.Equal(6, snapshot.Loops.Sum(loop => loop.Connections));
        EpollConnectionSnapshot first = snapshot.Connections.Single(connection => connection.Id == pairs[0].Server.ConnectionId);
        Assert.Equal((pairs[0].Server.LocalEndPoint!.ToString(), pairs[0].Server.RemoteEndPoint!.ToString()), (first.LocalEndPoint, first.RemoteEndPoint));
        Assert.Equal((5, 0, "open"), (first.BytesReceived, first.BytesSent, first.State));
        Assert.NotNull(first.TcpInfo);
        Assert.InRange(first.Age, TimeSpan.Zero, TimeSpan.FromMinutes(1));

        foreach ((RawClient client, ConnectionContext server) in pairs)
        {
            client.Dispose();
            await server.DisposeAsync().WithTimeout();
        }

        snapshot = transport.Diagnostics.Capture();
        Assert.Empty(snapshot.Connections);
        Assert.Equal(0, snapshot.ConnectionCount);
    }

    [Fact]
    public async Task Capture_OfAnIdleGroup_ListsLoopsAndThreads()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(loops: 2);
        await Waiting.UntilAsync(() => transport.Diagnostics.Capture().Loops.All(loop => loop.State == "waiting"));

        EpollSnapshot snapshot = transport.Diagnostics.Capture();

        Assert.Equal("Auto", snapshot.Scheduling);
        Assert.Equal(["epoll-loop-0", "epoll-loop-1"], snapshot.Loops.Select(loop => loop.Name));
        Assert.Contains(snapshot.Loops, loop => loop.ThreadId != 0 && Directory.Exists($"/proc/self/task/{loop.ThreadId}"));
        Assert.Equal((1, 0, 0), (snapshot.Threads.Driving, snapshot.Threads.Lent, snapshot.Threads.HeldUp));
        Assert.Equal(2, snapshot.Threads.Reserve);
        Assert.Empty(snapshot.HeldUpCallbacks);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Capture_MoreConnectionsThanAskedFor_ListsSoMany(int max)
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(loops: 2);
        List<(RawClient Client, ConnectionContext Server)> pairs = [];
        for (int i = 0; i < 5; i++)
        {
            pairs.Add(await transport.ConnectAsync());
        }

        await Waiting.UntilAsync(() => transport.Diagnostics.Capture().Connections.Count == pairs.Count);
        EpollSnapshot snapshot = transport.Diagnostics.Capture(new EpollCaptureOptions { MaxConnections = max });

        Assert.Equal(Math.Min(max, 5), snapshot.Connections.Count);
        Assert.Equal(5, snapshot.ConnectionCount);
        pairs.ForEach(pair => pair.Client.Dispose());
        await Task.WhenAll(pairs.Select(pair => pair.Server.DisposeAsync().AsTask())).WithTimeout();
    }

    [Fact]
    public async Task ToJson_OfASnapshot_HasItsFigures()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            await Waiting.UntilAsync(() => transport.Diagnostics.Capture().Connections.Count == 1);
            using JsonDocument json = JsonDocument.Parse(transport.Diagnostics.Capture().ToJson());

            Assert.Equal(server.ConnectionId, json.RootElement.GetProperty("connections")[0].GetProperty("id").GetString());
            Assert.Equal(1, json.RootElement.GetProperty("loops")[0].GetProperty("connections").GetInt32());
            Assert.Equal(1, json.RootElement.GetProperty("threads").GetProperty("driving").GetInt32());
            Assert.Equal(transport.EndPoint.ToString(), json.RootElement.GetProperty("listeners")[0].GetProperty("endPoint").GetString());
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Fact]
    public async Task Capture_WhileConnectionsComeAndGo_NeverThrows()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(loops: 2);
        using CancellationTokenSource ended = new();
        Task captures = Task.Run(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                transport.Diagnostics.Capture(new EpollCaptureOptions { WithTcpInfo = true }).ToJson();
            }
        });
        for (int i = 0; i < 300; i++)
        {
            (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
            client.Dispose();
            await server.DisposeAsync().WithTimeout();
        }

        await ended.CancelAsync();
        await captures.WithTimeout();
    }

    [Fact]
    public async Task Capture_NegativeMaximum_IsRefused()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();

        Assert.Equal("options.MaxConnections",
            Assert.Throws<ArgumentOutOfRangeException>(() => transport.Diagnostics.Capture(new EpollCaptureOptions { MaxConnections = -1 })).ParamName);
    }

    [Fact]
    public void Services_BeforeAnEndpointIsBound_HaveDiagnosticsWithNothingInThem()
    {
        using ServiceProvider services = new ServiceCollection().AddLogging().AddEpollTransport().BuildServiceProvider();

        EpollSnapshot snapshot = services.GetRequiredService<EpollDiagnostics>().Capture();

        Assert.Empty(snapshot.Loops);
        Assert.Empty(snapshot.Listeners);
        Assert.Equal(0, snapshot.Threads.Driving);
    }
}

using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

public class ConnectionFeatureTests
{
    [Fact]
    public async Task Feature_OfATcpConnection_TellsTrafficTimesAndTheKernelsView()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(loops: 2, configure: options => options.MaxReadBufferSize = 1000);
        DateTimeOffset before = DateTimeOffset.UtcNow.AddMilliseconds(-1);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            IEpollConnectionFeature feature = server.Features.Get<IEpollConnectionFeature>()!;
            Assert.InRange(feature.AcceptedAt, before, DateTimeOffset.UtcNow);
            Assert.InRange(feature.LoopIndex, 0, 1);
            Assert.Equal(1, transport.Factory.Loops!.Loops[feature.LoopIndex].ConnectionCount);
            Assert.Equal((0, 0, TimeSpan.Zero, TimeSpan.Zero), (feature.BytesReceived, feature.BytesSent, feature.ReadingPaused, feature.WritingPaused));

            await client.SendAsync(new byte[1500]);
            await Waiting.UntilAsync(() => feature.ReadingPaused > TimeSpan.FromMilliseconds(20)); // it grows while the pause goes on
            server.Transport.Input.AdvanceTo((await server.Transport.Input.ReadAsync().WithTimeout()).Buffer.End);
            await server.Transport.Output.WriteAsync(new byte[70_000]).WithTimeout();
            await client.ReadAsync(70_000);

            Assert.Equal((1500, 70_000), (feature.BytesReceived, feature.BytesSent));
            Assert.Null(feature.GetPeerCredentials());
            EpollTcpInfo info = feature.GetTcpInfo()!;
            Assert.InRange(info.RoundTripTime, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(5));
            Assert.InRange(info.RoundTripTimeVariation, TimeSpan.Zero, TimeSpan.FromSeconds(5));
            Assert.InRange(info.MinRoundTripTime, TimeSpan.Zero, info.RoundTripTime * 100);
            Assert.InRange(info.CongestionWindow, 1, 100_000);
            Assert.InRange(info.Retransmits, 0, 1000);
            Assert.True(info.DeliveryRate > 0, "no delivery rate");

            await server.DisposeAsync().WithTimeout();
            Assert.Null(feature.GetTcpInfo());
            Assert.Equal(70_000, feature.BytesSent);
        }
    }

    [Fact]
    public async Task Feature_OfAUnixConnection_TellsWhoConnected()
    {
        using TempSocketPath path = new();
        await using MeteredTransport transport = await MeteredTransport.BindAsync(endPoint: path.EndPoint);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            IEpollConnectionFeature feature = server.Features.Get<IEpollConnectionFeature>()!;

            EpollPeerCredentials peer = feature.GetPeerCredentials()!;

            Assert.Equal(Environment.ProcessId, peer.ProcessId);
            string[] status = await File.ReadAllLinesAsync("/proc/self/status");
            Assert.Equal(long.Parse(status.First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2]), peer.UserId);
            Assert.Equal(long.Parse(status.First(line => line.StartsWith("Gid:", StringComparison.Ordinal)).Split('\t')[2]), peer.GroupId);
            Assert.Null(feature.GetTcpInfo());
            await server.DisposeAsync().WithTimeout();
            Assert.Null(feature.GetPeerCredentials());
        }
    }

    [Fact]
    public async Task Feature_PeerDoesNotTake_WritingPausedGrows()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(configure: options => options.MaxWriteBufferSize = 0);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync(clientReceiveBufferSize: 16 * 1024);
        using (client)
        {
            IEpollConnectionFeature feature = server.Features.Get<IEpollConnectionFeature>()!;
            await server.Transport.Output.WriteAsync(new byte[32 * 1024 * 1024]).WithTimeout();

            await Waiting.UntilAsync(() => feature.WritingPaused > TimeSpan.FromMilliseconds(20));

            server.Abort(new ConnectionAbortedException("test"));
            await server.DisposeAsync().WithTimeout();
            TimeSpan paused = feature.WritingPaused;
            Assert.Equal(paused, feature.WritingPaused); // it has ended
        }
    }

    [Theory]
    [InlineData(TransportKind.EpollAuto, true)]
    [InlineData(TransportKind.Sockets, false)]
    public async Task Feature_OfAnHttpContext_IsThatOfTheConnection(TransportKind kind, bool exists)
    {
        IEpollConnectionFeature? feature = null;
        string? id = null;
        await using TestHost host = await TestHost.StartAsync(kind, app => app.Run(context =>
        {
            feature = context.Features.Get<IEpollConnectionFeature>();
            id = context.Connection.Id;
            return context.Response.WriteAsync("x");
        }));
        using HttpClient client = host.CreateClient();

        await client.GetStringAsync("/");

        Assert.NotNull(id);
        Assert.Equal(exists, feature is not null);
        Assert.True(!exists || feature!.BytesReceived > 0);
    }
}

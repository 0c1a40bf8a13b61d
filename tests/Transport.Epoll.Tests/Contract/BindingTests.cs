using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>
/// What a bound endpoint is, and how a bind fails. Alone, for a process that another test begins has copies of all descriptors until its exec, also of a listening
/// socket that is closed meanwhile: its port is in use for as long.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class BindingTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "2")]
    public async Task BindAsync_SeveralTimes_ListenersAreIndependent(TransportKind kind)
    {
        await using var transport = new RawTransport(kind);
        await using var first = await RawListener.BindAsync(transport);
        await using var second = await RawListener.BindAsync(transport);
        Assert.NotEqual(first.EndPoint, second.EndPoint);

        await first.DisposeAsync();
        var (client, server) = await second.ConnectAsync();
        using (client)
        await using (server)
        {
            await client.SendAsync("still here");
            await server.ExpectTextAsync("still here");
        }

        await using var third = await RawListener.BindAsync(transport, first.EndPoint);
        Assert.Equal(first.EndPoint, third.EndPoint);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "3")]
    public async Task EndPoint_PortZero_IsTheRealOneAndTheGivenOneIsUntouched(TransportKind kind)
    {
        var given = new IPEndPoint(IPAddress.Loopback, 0);
        await using var listener = await RawListener.BindAsync(kind, given);

        var bound = Assert.IsType<IPEndPoint>(listener.EndPoint);
        Assert.Equal(IPAddress.Loopback, bound.Address);
        Assert.NotEqual(0, bound.Port);
        Assert.Equal(0, given.Port);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "3")]
    public async Task AddressesFeature_PortZero_NamesTheRealPort(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, app => app.MapGet("/", () => "served"));

        Assert.NotEqual(0, host.Address.Port);
        using var client = host.CreateClient();
        Assert.Equal("served", await client.GetStringAsync(host.Address).WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "4")]
    public async Task BindAsync_AddressTaken_ThrowsAddressInUse(TransportKind kind)
    {
        await using var first = await RawListener.BindAsync(kind);

        await Assert.ThrowsAsync<AddressInUseException>(() => RawListener.BindAsync(kind, first.EndPoint));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "4")]
    public async Task BindAsync_OneListenerIsAlreadyOnThePortOfOneFactory_ThrowsAddressInUse(TransportKind kind)
    {
        await using var transport = new RawTransport(kind);
        await using var first = await RawListener.BindAsync(transport);

        await Assert.ThrowsAsync<AddressInUseException>(() => RawListener.BindAsync(transport, first.EndPoint));
    }

    /// <summary>Another program of the same user, with SO_REUSEPORT, on our address, a more specific one or a wider one.</summary>
    [Theory]
    [InlineData(TransportKind.Sockets, "127.0.0.1", "127.0.0.1")]
    [InlineData(TransportKind.Sockets, "::", "127.0.0.1")]
    [InlineData(TransportKind.EpollAuto, "127.0.0.1", "127.0.0.1")]
    [InlineData(TransportKind.EpollAuto, "127.0.0.1", "0.0.0.0")]
    [InlineData(TransportKind.EpollAuto, "0.0.0.0", "127.0.0.1")]
    [InlineData(TransportKind.EpollAuto, "::1", "::1")]
    [InlineData(TransportKind.EpollAuto, "::", "::")]
    [InlineData(TransportKind.EpollAuto, "::", "0.0.0.0")]
    [InlineData(TransportKind.EpollAuto, "::", "127.0.0.1")]
    [InlineData(TransportKind.EpollInline, "::", "127.0.0.1")]
    [InlineData(TransportKind.EpollThreadPool, "::", "127.0.0.1")]
    [Trait("Contract", "4")]
    public async Task BindAsync_AStrangerSharesPorts_CannotHaveOurs(TransportKind kind, string ours, string strangers)
    {
        await using var listener = await RawListener.BindAsync(kind, new IPEndPoint(IPAddress.Parse(ours), 0));
        var endPoint = new IPEndPoint(IPAddress.Parse(strangers), ((IPEndPoint)listener.EndPoint).Port);
        using var stranger = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        stranger.SetRawSocketOption(1, 15, BitConverter.GetBytes(1)); // SOL_SOCKET, SO_REUSEPORT

        var exception = Assert.Throws<SocketException>(() => stranger.Bind(endPoint));

        Assert.Equal(SocketError.AddressAlreadyInUse, exception.SocketErrorCode);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "4")]
    public async Task BindAsync_UnixPathIsBoundAndDoesNotListenYet_ThrowsAddressInUse(TransportKind kind)
    {
        using var path = new TempSocketPath();
        using var starting = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        starting.Bind(path.EndPoint);

        await Assert.ThrowsAsync<AddressInUseException>(() => RawListener.BindAsync(kind, path.EndPoint));

        starting.Listen();
        using var client = await RawClient.ConnectAsync(path.EndPoint);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "4")]
    public async Task BindAsync_UnixPathAnswers_ThrowsAddressInUse(TransportKind kind)
    {
        using var path = new TempSocketPath();
        await using var first = await RawListener.BindAsync(kind, path.EndPoint);

        await Assert.ThrowsAsync<AddressInUseException>(() => RawListener.BindAsync(kind, path.EndPoint));
        using var client = await RawClient.ConnectAsync(path.EndPoint);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "4")]
    public async Task BindAsync_OldConnectionInTimeWait_Succeeds(TransportKind kind)
    {
        EndPoint endPoint;
        await using (var first = await RawListener.BindAsync(kind))
        {
            endPoint = first.EndPoint;
            var (client, server) = await first.ConnectAsync();
            using (client)
            {
                // The side that closes first keeps the port in TIME_WAIT.
                await server.DisposeAsync().WithTimeout();
                await client.ReadToEndAsync();
            }
        }

        await using var second = await RawListener.BindAsync(kind, endPoint);
        Assert.Equal(endPoint, second.EndPoint);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "5")]
    public async Task BindAsync_IPv6Any_IsDualMode(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind, new IPEndPoint(IPAddress.IPv6Any, 0));
        var port = ((IPEndPoint)listener.EndPoint).Port;
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var client = await RawClient.ConnectAsync(new IPEndPoint(address, port));
            await using var server = await listener.AcceptAsync();
            await client.SendAsync("hi");
            await server.ExpectTextAsync("hi");
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "5")]
    public async Task BindAsync_IPv6AddressOfNobody_ThrowsSocketException(TransportKind kind)
    {
        var exception = await Assert.ThrowsAnyAsync<SocketException>(
            () => RawListener.BindAsync(kind, new IPEndPoint(IPAddress.Parse("2001:db8::1"), 0)));

        Assert.Equal(SocketError.AddressNotAvailable, exception.SocketErrorCode);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "6")]
    public async Task BindAsync_AddressOfNobody_ThrowsSocketException(TransportKind kind)
    {
        var exception = await Assert.ThrowsAnyAsync<SocketException>(
            () => RawListener.BindAsync(kind, new IPEndPoint(IPAddress.Parse("203.0.113.1"), 0)));

        Assert.Equal(SocketError.AddressNotAvailable, exception.SocketErrorCode);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "6")]
    public async Task BindAsync_PathNotAllowed_ThrowsSocketException(TransportKind kind)
    {
        // Nobody may create a file there, root neither.
        var exception = await Assert.ThrowsAnyAsync<SocketException>(
            () => RawListener.BindAsync(kind, new UnixDomainSocketEndPoint("/sys/kernel/te.sock")));

        Assert.Equal(SocketError.AccessDenied, exception.SocketErrorCode);
    }
}

using System.Text;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>The accept loop, as Kestrel drives it.</summary>
public sealed class AcceptingTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "8")]
    public async Task AcceptAsync_ClientsThatResetBeforeIt_GoesOnToTheNext(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        for (var i = 0; i < 20; i++)
        {
            (await RawClient.ConnectAsync(listener.EndPoint)).Reset();
        }

        using var good = await RawClient.ConnectAsync(listener.EndPoint);
        await good.SendAsync("good");
        while (true)
        {
            await using var server = await listener.AcceptAsync();
            if (await FirstTextAsync(server) == "good")
            {
                break;
            }
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "8")]
    public async Task AcceptAsync_ManyClientsAtOnce_HandsOutEveryOne(TransportKind kind)
    {
        const int Count = 300;
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { LoopCount = 3 });
        var clients = new List<RawClient>();
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var client = await RawClient.ConnectAsync(listener.EndPoint);
                clients.Add(client);
                await client.SendAsync($"{i:D4}");
            }

            var seen = new HashSet<string>();
            for (var i = 0; i < Count; i++)
            {
                await using var server = await listener.AcceptAsync();
                Assert.True(seen.Add(await FirstTextAsync(server)));
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "8")]
    public async Task AcceptAsync_Unbound_ReturnsNullForEver(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var pending = listener.Listener.AcceptAsync();

        await listener.Listener.UnbindAsync().WithTimeout();

        Assert.Null(await pending.WithTimeout());
        Assert.Null(await listener.Listener.AcceptAsync().WithTimeout());
        Assert.Null(await listener.Listener.AcceptAsync().WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "9")]
    public async Task AcceptAsync_CancelledWithoutClient_ThrowsAndTheNextClientIsServed(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        using var cancellation = new CancellationTokenSource();
        var pending = listener.Listener.AcceptAsync(cancellation.Token);
        Assert.False(pending.IsCompleted);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending.WithTimeout());
        var (client, server) = await listener.ConnectAsync();
        client.Dispose();
        await server.DisposeAsync().WithTimeout();
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "9")]
    public async Task AcceptAsync_CancelRacesWithAClient_LosesNoConnection(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        for (var i = 0; i < 50; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var pending = listener.Listener.AcceptAsync(cancellation.Token).AsTask();
            var connecting = RawClient.ConnectAsync(listener.EndPoint);
            await cancellation.CancelAsync();
            using var client = await connecting;

            ConnectionContext? server;
            try
            {
                server = await pending.WithTimeout();
            }
            catch (OperationCanceledException)
            {
                server = await listener.AcceptAsync();
            }

            Assert.NotNull(server);
            await server.DisposeAsync().WithTimeout();
        }
    }

    private static async Task<string> FirstTextAsync(ConnectionContext server)
    {
        try
        {
            var result = await server.Transport.Input.ReadAtLeastAsync(4).WithTimeout();
            return Encoding.ASCII.GetString(result.Buffer);
        }
        catch (ConnectionResetException)
        {
            return "";
        }
    }
}

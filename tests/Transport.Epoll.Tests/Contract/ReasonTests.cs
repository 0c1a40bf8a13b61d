using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>The exceptions and log messages by which a connection ends are those of the default transport.</summary>
public sealed class ReasonTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "19")]
    public async Task Output_CompletedWithAnException_TheReaderGetsThatException(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            var mine = new MyException();
            await server.Transport.Output.CompleteAsync(mine);

            Assert.Same(mine, await Record.ExceptionAsync(() => server.Transport.Input.ReadAsync().WithTimeout()));
            await client.ExpectResetAsync();
            await server.DisposeAsync().WithTimeout();
            await listener.Logs.WaitForAsync(kind, id: 14);
            Assert.Same(mine, Assert.Single(listener.Logs.Of(kind, 14)).Exception);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "19")]
    public async Task Output_Completed_ClosesAndWhatIsUnreadIsLost(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            await client.SendAsync("unread");
            var input = server.Transport.Input;
            input.AdvanceTo((await input.ReadAsync().WithTimeout()).Buffer.Start);

            await server.Transport.Output.CompleteAsync();
            await server.ConnectionClosed.WithTimeout();

            await Assert.ThrowsAsync<ConnectionAbortedException>(() => input.ReadAsync().WithTimeout());
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "18")]
    public async Task Output_WrittenAfterItsSideWasShutDown_IsAReset(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            server.Features.Get<IConnectionSocketFeature>()!.Socket.Shutdown(SocketShutdown.Send);

            await server.Transport.Output.WriteAsync(new byte[] { 1 }).WithTimeout();

            await listener.Logs.WaitForAsync(kind, id: 19);
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Fact]
    [Trait("Contract", "28")]
    public async Task Texts_OfEveryReason_AreThoseOfSockets()
    {
        string[] expected = await CollectAsync(TransportKind.Sockets);
        Assert.Contains(expected, text => text.Contains("via IConnectionLifetimeFeature.Abort()", StringComparison.Ordinal));
        foreach (TransportKind kind in new[] { TransportKind.EpollAuto, TransportKind.EpollInline, TransportKind.EpollThreadPool })
        {
            Assert.Equal(expected, await CollectAsync(kind));
        }
    }

    /// <summary>What the reader and the log say of each way to end, without the connection's id and the transport's name.</summary>
    private static async Task<string[]> CollectAsync(TransportKind kind)
    {
        List<string> texts = [];
        foreach ((string name, Func<RawClient, ConnectionContext, Task> end, int[] ids) in Ends)
        {
            await using var listener = await RawListener.BindAsync(kind);
            var (client, server) = await listener.ConnectAsync();
            using (client)
            {
                await end(client, server);
                Exception? seen = await Record.ExceptionAsync(() => server.ReadToEndAsync());
                texts.Add($"{name}: {seen?.GetType().Name} {Neutral(seen?.Message)}");
                await server.DisposeAsync().WithTimeout();
                foreach (int id in ids)
                {
                    await listener.Logs.WaitForAsync(kind, id);
                    LogRecord record = listener.Logs.Of(kind, id).First();
                    texts.Add($"{name}: {record.Id.Id} {record.Id.Name} {Neutral(record.Message.Replace(server.ConnectionId, "ID", StringComparison.Ordinal))}");
                }
            }
        }

        return [.. texts];
    }

    private static readonly (string, Func<RawClient, ConnectionContext, Task>, int[])[] Ends =
    [
        ("feature", (_, server) => Do(() => server.Features.Get<IConnectionLifetimeFeature>()!.Abort()), [8]),
        ("abort", (_, server) => Do(() => server.Abort()), [8]),
        ("reason", (_, server) => Do(() => server.Abort(new ConnectionAbortedException("mine"))), [8]),
        ("no reason", (_, server) => Do(() => server.Abort(null!)), [7]),
        ("completed", (client, server) => CompleteAsync(client, server), [6, 7]),
        ("reset", (client, _) => Do(client.Reset), [19]),
        ("exception", (_, server) => server.Transport.Output.CompleteAsync(new MyException()).AsTask(), [8, 14]),
    ];

    private static async Task CompleteAsync(RawClient client, ConnectionContext server)
    {
        client.Fin();
        await server.ConnectionClosed.WithTimeout();
        await server.Transport.Output.CompleteAsync();
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static string? Neutral(string? text)
        => text?.Replace("The Socket transport's", "The transport's", StringComparison.Ordinal).Replace("The epoll transport's", "The transport's", StringComparison.Ordinal);

    private sealed class MyException : Exception
    {
        public MyException()
            : base("mine")
        {
        }
    }
}

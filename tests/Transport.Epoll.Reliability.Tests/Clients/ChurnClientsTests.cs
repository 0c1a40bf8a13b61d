using System.Net.Sockets;
using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Tests.Support;

namespace Transport.Epoll.Reliability.Tests.Clients;

/// <summary>That the clients see each kind of loss: a trial that cannot fail proves nothing.</summary>
public sealed class ChurnClientsTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Run_ServerResets_IsLost()
    {
        var losses = await RunAsync(socket =>
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            return Task.CompletedTask;
        });

        Assert.Contains(losses, l => l.EndsWith("ConnectionReset", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_ServerEndsWithoutAnAnswer_IsLost()
    {
        var losses = await RunAsync(_ => Task.CompletedTask);

        Assert.Contains(losses, l => l.EndsWith("closed without an answer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_AnswerIsCut_IsLost()
    {
        var losses = await RunAsync(socket => socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello"u8.ToArray()));

        Assert.Contains(losses, l => l.Contains("of an answer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_ServerRefuses_IsNotLost()
    {
        var server = new OneWayServer(_ => Task.CompletedTask);
        await server.DisposeAsync();
        var tally = new Tally();

        await new ChurnClients(server.EndPoint, tally, () => "").RunAsync(4, CancellationToken.None).WaitAsync(s_limit);

        Assert.Equal((0, 0), (tally.Lost, tally.Served));
    }

    [Fact]
    public async Task Run_ServerRefusesWhenItMustNot_IsLost()
    {
        var server = new OneWayServer(_ => Task.CompletedTask);
        await server.DisposeAsync();
        var tally = new Tally();

        await new ChurnClients(server.EndPoint, tally, () => "", mayRefuse: () => false).RunAsync(4, CancellationToken.None).WaitAsync(s_limit);

        Assert.Equal(["4 × connecting: ConnectionRefused"], tally.Losses);
    }

    private static async Task<IReadOnlyList<string>> RunAsync(Func<Socket, Task> treat)
    {
        await using var server = new OneWayServer(treat);
        using var end = new CancellationTokenSource();
        var tally = new Tally();
        var running = new ChurnClients(server.EndPoint, tally, () => "").RunAsync(1, end.Token);
        await Waiting.UntilAsync(() => tally.Lost > 0, "A loss", () => "", CancellationToken.None, s_limit);
        await end.CancelAsync();
        await running.WaitAsync(s_limit);
        Assert.Equal(0, tally.Served);
        return tally.Losses;
    }
}

using Microsoft.AspNetCore.Http;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Load;

/// <summary>That no request under pressure is forgotten, and each counts as what became of it. The server is in this process.</summary>
public sealed class PressureLoadTests
{
    private const int Connections = 4;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(StatusCodes.Status200OK, Outcome.Served)]
    [InlineData(StatusCodes.Status503ServiceUnavailable, Outcome.Shed)]
    [InlineData(StatusCodes.Status500InternalServerError, Outcome.Failed)]
    internal async Task Run_ServerAnswers_CountsEveryRequest(int status, Outcome expected)
    {
        var arrivals = await RunAsync(100, s_patience, context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        });

        Assert.Equal(100, arrivals.Count);
        Assert.All(arrivals, arrival => Assert.Equal(expected, arrival.Outcome));
    }

    [Fact]
    public async Task Run_ConnectionIsAborted_RequestIsLost()
    {
        var arrivals = await RunAsync(10, s_patience, context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        Assert.Equal(10, arrivals.Count);
        Assert.All(arrivals, arrival => Assert.Equal(Outcome.Lost, arrival.Outcome));
    }

    /// <summary>Those on the few connections wait in vain for their answer, the others for a connection.</summary>
    [Fact]
    public async Task Run_NobodyIsAnswered_ClientsGiveUp()
    {
        var patience = TimeSpan.FromSeconds(2); // longer than a busy machine keeps a client from sending
        var never = new TaskCompletionSource();
        var arrivals = await RunAsync(20, patience, _ => never.Task);
        never.SetResult();

        Assert.Equal(20, arrivals.Count);
        var sent = arrivals.Count(a => a.Outcome == Outcome.NoAnswer);
        Assert.InRange(sent, Connections, 19); // who comes later than the first ones have given up is sent, too
        Assert.Equal(20 - sent, arrivals.Count(a => a.Outcome == Outcome.NeverSent));
        Assert.All(arrivals, arrival => Assert.InRange(arrival.Wait, patience.TotalSeconds, s_limit.TotalSeconds));
    }

    [Fact]
    public async Task Run_NobodyListens_IsNotConnected()
    {
        using var limit = new CancellationTokenSource(s_limit);
        var loop = new PressureLoad(new Uri("http://127.0.0.1:1/"), Connections, s_patience);

        var arrivals = await loop.RunAsync([(TimeSpan.FromSeconds(0.1), 50)], _ => { }, limit.Token);

        Assert.Equal(5, arrivals.Count);
        Assert.All(arrivals, arrival => Assert.Equal(Outcome.NotConnected, arrival.Outcome));
    }

    private static async Task<List<PressureArrival>> RunAsync(int requests, TimeSpan patience, RequestDelegate answer)
    {
        using var limit = new CancellationTokenSource(s_limit);
        await using var launcher = new InProcessLauncher(context => context.Request.Path == "/" ? Task.CompletedTask : answer(context));
        await using var server = await launcher.StartAsync("server", limit.Token);
        var loop = new PressureLoad(new Uri(server.Address, "/answer"), Connections, patience);

        // All at once, half of them in each of two phases.
        var length = TimeSpan.FromMilliseconds(1);
        return await loop.RunAsync([(length, requests / 2 / length.TotalSeconds), (length, requests / 2 / length.TotalSeconds)], _ => { }, limit.Token);
    }
}

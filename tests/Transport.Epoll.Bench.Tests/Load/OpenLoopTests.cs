using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Load;

/// <summary>The client of the open loop, against servers in this process that answer, stall, fail and lose answers.</summary>
public sealed class OpenLoopTests
{
    private const int Connections = 4;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Arrivals_OfOneSeed_AreAPoissonProcess()
    {
        const int Rate = 8_000;
        const double Seconds = 1;

        var arrivals = await RunAsync(new OpenLoop(Connections, Rate), Hello, Seconds, seed: 1);

        // In ms. A run has 8,000 gaps: of their mean the standard deviation is 1.1 %, of their variance 3.2 %; three of each.
        const double Mean = 1e3 / Rate;
        var due = arrivals.All.Select(a => a.Due).ToList();
        var gaps = due.Zip(due.Skip(1), (a, b) => b - a).ToList();
        var mean = gaps.Average();
        var variance = gaps.Average(gap => (gap - mean) * (gap - mean));
        Assert.InRange(mean, Mean * 0.967, Mean * 1.033);
        Assert.InRange(variance, Mean * Mean * 0.905, Mean * Mean * 1.095);

        // Gaps of an exponential distribution exceed their mean with a probability of 1/e, and know nothing of the one before.
        Assert.InRange(gaps.Count(gap => gap > Mean) / (double)gaps.Count, 0.352, 0.384);
        var correlation = gaps.Zip(gaps.Skip(1), (a, b) => (a - mean) * (b - mean)).Average() / variance;
        Assert.InRange(correlation, -0.034, 0.034);
        Assert.All(arrivals.All, a => Assert.InRange(a.Noticed, a.Due, a.Done ?? 0));
        Assert.InRange(due[^1], 0, Seconds * 1e3);
    }

    [Fact]
    public async Task Arrivals_SameSeed_AreTheSame_AndOfAnotherOneOthers()
    {
        var load = new OpenLoop(Connections, rate: 200, new SlowRequests("/slow", 50, 2));

        var first = await RunAsync(load, Hello, seconds: 0.3, seed: 1);
        var again = await RunAsync(load, Hello, seconds: 0.3, seed: 1);
        var other = await RunAsync(load, Hello, seconds: 0.3, seed: 2);

        Assert.Equal(first.All.Select(a => (a.Due, a.Beside)), again.All.Select(a => (a.Due, a.Beside)));
        Assert.Empty(first.All.Select(a => a.Due).Intersect(other.All.Select(a => a.Due)));
    }

    /// <summary>Four requests alone are in flight during the stall: a client that counts from when it sends would have it in 0.4 % of its requests.</summary>
    [Fact]
    public async Task Latency_ServerStalls_CountsFromWhenEachRequestWasDue()
    {
        const double Stall = 300;
        var asked = 0;
        var stalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var arrivals = await RunAsync(new OpenLoop(Connections, rate: 1_000), Answer, seconds: 1, seed: 1);

        var result = arrivals.Result(beside: null);
        Assert.Equal(0, result.Errors);
        Assert.InRange(result.Requests, 900, 1_100);
        Assert.True(result.Latency!.P99 >= Stall * 0.9, $"p99 {result.Latency.P99} ms");

        // Those that fell due in the stall wait for what is left of it: a tenth of all requests for two thirds of it.
        Assert.True(arrivals.All.Count(a => a.Done - a.Due >= Stall * 0.6) >= 100);

        async Task Answer(HttpContext context)
        {
            if (Interlocked.Increment(ref asked) == 300)
            {
                _ = Task.Delay(TimeSpan.FromMilliseconds(Stall)).ContinueWith(_ => stalled.TrySetResult(), TaskScheduler.Default);
            }

            if (Volatile.Read(ref asked) >= 300)
            {
                await stalled.Task;
            }

            await Hello(context);
        }
    }

    [Fact]
    public async Task Answer_ConnectionIsAborted_IsAnError()
    {
        var asked = 0;

        var arrivals = await RunAsync(new OpenLoop(Connections, rate: 300), Answer, seconds: 0.5, seed: 1);

        Assert.InRange(arrivals.Result(beside: null).Errors, 1, arrivals.All.Count / 2);

        Task Answer(HttpContext context)
        {
            if (Interlocked.Increment(ref asked) == 50)
            {
                context.Abort();
                return Task.CompletedTask;
            }

            return Hello(context);
        }
    }

    [Fact]
    public async Task Answer_NeverComes_IsAnErrorAfterTheGrace()
    {
        var asked = 0;

        var arrivals = await RunAsync(new OpenLoop(connections: 1, rate: 100) { Grace = TimeSpan.FromSeconds(0.5) }, Answer, seconds: 0.5, seed: 1);

        // The one that is lost, and what waits behind it on the only connection.
        var lost = arrivals.All.SkipWhile(a => a.Done is not null).ToList();
        Assert.NotEmpty(lost);
        Assert.All(lost, a => Assert.Null(a.Done));
        var result = arrivals.Result(beside: null);
        Assert.Equal(lost.Count, result.Errors);
        Assert.Equal(9, result.Requests); // and one before, when it connected
        Assert.Throws<BenchException>(() => result.RequireClean("server"));

        Task Answer(HttpContext context) => Interlocked.Increment(ref asked) <= 10 ? Hello(context) : Task.Delay(Timeout.Infinite, context.RequestAborted);
    }

    [Theory]
    [InlineData(500, "Hello")]
    [InlineData(404, "Hello")]
    [InlineData(200, null)]
    public async Task Answer_WrongStatusOrWithoutLength_IsAnError(int status, string? length)
    {
        var asked = 0;

        var arrivals = await RunAsync(new OpenLoop(Connections, rate: 300), Answer, seconds: 0.3, seed: 1);

        Assert.NotEqual(0, arrivals.Result(beside: null).Errors);

        Task Answer(HttpContext context)
        {
            if (Interlocked.Increment(ref asked) <= 20)
            {
                return Hello(context);
            }

            context.Response.StatusCode = status;
            context.Response.ContentLength = length?.Length;
            return context.Response.WriteAsync("Hello");
        }
    }

    [Fact]
    public async Task Server_DoesNotListen_IsRefused()
    {
        using var limit = new CancellationTokenSource(s_limit);
        var port = FreePort.Find();

        var refused = await Assert.ThrowsAsync<BenchException>(() => new OpenLoop(Connections, 100).RunAsync(port, "/", 0.1, 1, () => default, limit.Token));

        Assert.Equal("openloop ended before it was connected: a connection can't be opened", refused.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Beside_SlowRequests_ComeOnNewOrOnOldConnections(int slowConnections)
    {
        const int SlowRate = 60;
        var seen = new ConcurrentBag<(string Path, string Connection)>();
        var beside = new SlowRequests("/slow", SlowRate, slowConnections);

        var arrivals = await RunAsync(new OpenLoop(Connections, rate: 300, beside), Answer, seconds: 1, seed: 1);

        var slow = arrivals.All.Count(a => a.Beside);
        var result = arrivals.Result(beside);
        Assert.Equal(0, result.Errors);
        Assert.Equal(arrivals.All.Count - slow, result.Requests);
        Assert.InRange(slow, SlowRate - 30, SlowRate + 30);
        Assert.Equal(slow / result.Seconds, result.Figures!["/slow requests/s"], 3);
        Assert.True(result.Figures["/slow p50 ms"] >= 20, $"{result.Figures["/slow p50 ms"]} ms");

        // Every slow one on a connection of its own, or all of them on a few that also had an answer before; never on the measured ones.
        var all = seen.ToList();
        var slowOnes = all.Where(s => s.Path == "/slow").Select(s => s.Connection).ToList();
        var measured = all.GroupBy(s => s.Connection).Where(own => own.All(s => s.Path == "/")).ToList();
        Assert.Equal(slow, slowOnes.Count);
        Assert.Equal(slowConnections == 0 ? slow : slowConnections, slowOnes.Distinct().Count());
        Assert.Equal(Connections, measured.Count);
        Assert.Equal(result.Requests + Connections + slowConnections, all.Count(s => s.Path == "/"));

        async Task Answer(HttpContext context)
        {
            seen.Add((context.Request.Path, context.Connection.Id));
            if (context.Request.Path == "/slow")
            {
                await Task.Delay(20);
            }

            await Hello(context);
        }
    }

    /// <summary>Opening a connection costs as much as dozens of requests: at a low rate it would be most of a short run.</summary>
    [Fact]
    public async Task Used_IsTakenBetweenOpeningTheConnectionsAndTheLastAnswer()
    {
        using var limit = new CancellationTokenSource(s_limit);
        var asked = 0;
        await using var launcher = new InProcessLauncher(context =>
        {
            Interlocked.Increment(ref asked);
            return Hello(context);
        });
        await using var server = await launcher.StartAsync("server", limit.Token);
        var probes = asked;
        var readings = new List<int>();

        var arrivals = await new OpenLoop(Connections, rate: 200).RunAsync(server.Address.Port, "/", 0.5, seed: 1, Read, limit.Token);

        Assert.Equal([Connections, Connections + arrivals.All.Count], readings);
        Assert.Equal(new Usage(1, 1, 1, 2), arrivals.Result(beside: null).Used);

        Usage Read()
        {
            readings.Add(Volatile.Read(ref asked) - probes);
            return new Usage(readings.Count, readings.Count, readings.Count, readings.Count);
        }
    }

    /// <summary>Runs of different servers are compared with each other: the nth of each has the same arrivals.</summary>
    [Fact]
    public async Task Run_OfEachServer_HasTheSameArrivals()
    {
        using var limit = new CancellationTokenSource(s_limit);
        await using var launcher = new InProcessLauncher(Hello);
        await using var one = await launcher.StartAsync("one", limit.Token);
        await using var two = await launcher.StartAsync("two", limit.Token);
        var load = new OpenLoop(Connections, rate: 500);

        var first = await load.RunAsync(one, "/", 1, limit.Token);
        var second = await load.RunAsync(one, "/", 1, limit.Token);
        var others = await load.RunAsync(two, "/", 1, limit.Token);

        Assert.Equal(first.Requests, others.Requests);
        Assert.NotEqual(first.Requests, second.Requests);
    }

    private static async Task<Arrivals> RunAsync(OpenLoop load, RequestDelegate answer, double seconds, int seed)
    {
        using var limit = new CancellationTokenSource(s_limit);
        var started = false; // before that it is asked whether it serves
        await using var launcher = new InProcessLauncher(context => Volatile.Read(ref started) ? answer(context) : Hello(context));
        await using var server = await launcher.StartAsync("server", limit.Token);
        Volatile.Write(ref started, true);
        return await load.RunAsync(server.Address.Port, "/", seconds, seed, server.Usage, limit.Token);
    }

    private static Task Hello(HttpContext context)
    {
        context.Response.ContentLength = "Hello, World!".Length;
        return context.Response.WriteAsync("Hello, World!");
    }
}

using Microsoft.AspNetCore.Http;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Bench.Tests.Support;
using Xunit;

namespace Transport.Epoll.Bench.Tests.Scenarios;

public class LoadRoundsTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(9, 1)]
    [InlineData(11, 2)]
    [InlineData(21, 4)]
    public async Task RunTogether_StartsAllAnewEveryFiveRoundsOrMore(int rounds, int starts)
    {
        await using var first = new InProcessLauncher(Hello);
        await using var second = new InProcessLauncher(Hello);
        var load = new OneRequest();

        var runs = await RunAsync(load, [new("first", first), new("second", second)], rounds, warmUps: 2);

        Assert.Equal(starts, LoadRounds.StartsOf(rounds));
        Assert.Equal(starts, first.Starts);
        Assert.Equal(starts, second.Starts);
        Assert.Equal(Enumerable.Range(1, rounds), runs.Where(r => r.Contender == "first").Select(r => r.Round));
        Assert.Equal(Enumerable.Range(1, rounds), runs.Where(r => r.Contender == "second").Select(r => r.Round));
        Assert.Equal((starts * 2 * 2) + (rounds * 2), load.Runs);
    }

    [Fact]
    public async Task RunTogether_BeginsEachRoundWithAnotherOne()
    {
        await using var first = new InProcessLauncher(Hello);
        await using var second = new InProcessLauncher(Hello);

        var runs = await RunAsync(new OneRequest(), [new("first", first), new("second", second)], rounds: 3, warmUps: 0);

        Assert.Equal(["second", "first", "first", "second", "second", "first"], runs.Select(r => r.Contender));
    }

    private static async Task<List<LoadRun>> RunAsync(ILoadGenerator load, IReadOnlyList<Contender> contenders, int rounds, int warmUps)
    {
        using var limit = new CancellationTokenSource(s_limit);
        return await new LoadRounds("s", load, "/plaintext", contenders, InProcessLauncher.Settings).RunTogetherAsync(rounds, seconds: 1, warmUps, limit.Token);
    }

    private static Task Hello(HttpContext context) => context.Response.WriteAsync("Hello, World!");

    private sealed class OneRequest : ILoadGenerator
    {
        public IEnumerable<string> Tools => [];

        public int Runs { get; private set; }

        public string Describe(string address, int seconds) => "one request";

        public Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
        {
            Runs++;
            return Task.FromResult(new LoadResult(Requests: 1, Seconds: 1, Errors: 0));
        }
    }
}

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
    [InlineData(1, new[] { 1 })]
    [InlineData(5, new[] { 5 })]
    [InlineData(9, new[] { 9 })]
    [InlineData(15, new[] { 5, 5, 5 })]
    [InlineData(21, new[] { 6, 5, 5, 5 })]
    [InlineData(36, new[] { 6, 5, 5, 5, 5, 5, 5 })]
    public void Starts_HaveFiveRoundsOrMoreEach_AndAllInTurn(int rounds, int[] each)
    {
        var starts = LoadRounds.Starts(rounds);

        Assert.Equal(each, starts.Select(s => s.Length));
        Assert.Equal(Enumerable.Range(1, rounds), starts.SelectMany(s => s));
    }

    [Fact]
    public async Task RunTogether_StartsAllAnew_AfterTheOldOnesHaveEnded()
    {
        const int Rounds = 11;
        const int WarmUps = 2;
        await using var first = new InProcessLauncher(Hello);
        await using var second = new InProcessLauncher(Hello);
        var load = new OneRequest();

        var runs = await RunAsync(load, [new("first", first), new("second", second)], Rounds, WarmUps);

        Assert.Equal(2, first.Starts);
        Assert.Equal(2, second.Starts);
        Assert.Equal(2 * 2, load.Servers.Count);
        Assert.Equal(Enumerable.Range(1, Rounds), runs.Where(r => r.Contender == "first").Select(r => r.Round));
        Assert.Equal(Enumerable.Range(1, Rounds), runs.Where(r => r.Contender == "second").Select(r => r.Round));
        Assert.Equal((2 * 2 * WarmUps) + (2 * Rounds), load.Runs);
        Assert.All(load.Servers, AssertEnded);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8, "--pinned")]
    [InlineData(1, "--quick")]
    [InlineData(1, "--quick", "--pinned")]
    public void WarmUps_OfASingleProcessor_AreMore_AndOneIfQuick(int expected, params string[] arguments) =>
        Assert.Equal(expected, LoadRounds.WarmUps(BenchOptions.Parse(arguments)));

    [Fact]
    public async Task RunTogether_BeginsEachRoundWithAnotherOne()
    {
        await using var first = new InProcessLauncher(Hello);
        await using var second = new InProcessLauncher(Hello);

        var runs = await RunAsync(new OneRequest(), [new("first", first), new("second", second)], rounds: 3, warmUps: 0);

        Assert.Equal(["second", "first", "first", "second", "second", "first"], runs.Select(r => r.Contender));
    }

    [Fact]
    public async Task RunTogether_PeersInFirstStart_AreInNoOther()
    {
        await using var ours = new InProcessLauncher(Hello);
        await using var peer = new InProcessLauncher(Hello);
        using var limit = new CancellationTokenSource(s_limit);
        var rounds = new LoadRounds("s", new OneRequest(), "/plaintext", [new("ours", ours), new("peer", peer, IsPeer: true)], InProcessLauncher.Settings) { PeersInFirstStart = true };

        var runs = await rounds.RunTogetherAsync(rounds: 15, seconds: 1, warmUps: 0, limit.Token);

        Assert.Equal(3, ours.Starts);
        Assert.Equal(1, peer.Starts);
        Assert.Equal(Enumerable.Range(1, 15), runs.Where(r => r.Contender == "ours").Select(r => r.Round));
        Assert.Equal(Enumerable.Range(1, 5), runs.Where(r => r.Contender == "peer").Select(r => r.Round));
    }

    private static async Task<List<LoadRun>> RunAsync(ILoadGenerator load, IReadOnlyList<Contender> contenders, int rounds, int warmUps)
    {
        using var limit = new CancellationTokenSource(s_limit);
        return await new LoadRounds("s", load, "/plaintext", contenders, InProcessLauncher.Settings).RunTogetherAsync(rounds, seconds: 1, warmUps, limit.Token);
    }

    private static void AssertEnded(ServerProcess server) => Assert.Throws<ObjectDisposedException>(server.Http.CancelPendingRequests);

    private static Task Hello(HttpContext context) => context.Response.WriteAsync("Hello, World!");

    private sealed class OneRequest : ILoadGenerator
    {
        public IEnumerable<string> Tools => [];

        public int Runs { get; private set; }

        /// <summary>All servers that it was run on.</summary>
        public HashSet<ServerProcess> Servers { get; } = [];

        public string Describe(string address, int seconds) => "one request";

        public Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
        {
            Runs++;
            if (Servers.Add(server))
            {
                Assert.All(Servers.Where(s => s != server && s.Contender == server.Contender), AssertEnded);
            }

            return Task.FromResult(new LoadResult(Requests: 1, Seconds: 1, Errors: 0));
        }
    }
}

using Transport.Epoll.Bench;
using Transport.Epoll.Reliability.Servers;
using Xunit.Abstractions;

namespace Transport.Epoll.Reliability.Tests;

/// <summary>The trials of docs/reliability.md, each as short as it can be. At full length they are commands.</summary>
public sealed class TrialTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(100);

    [Theory]
    [InlineData("graceful-stop", 2)]
    [InlineData("graceful-stop", 1, "ThreadPool")]
    [InlineData("stop-in-flight", 1)]
    [InlineData("start-stop", 20)]
    [InlineData("rolling-restart", 2)]
    [InlineData("handed-over-restart", 2)]
    [InlineData("reload", 2)]
    [InlineData("many-connections", 500)]
    [InlineData("one-byte-at-a-time", 50)]
    [InlineData("unfinished-header", 200)]
    [InlineData("unfinished-body", 200)]
    [InlineData("silent-connections", 300)]
    [InlineData("slowhttptest-headers", 200)]
    [InlineData("slowhttptest-body", 200)]
    [InlineData("slowhttptest-range", 200)]
    [InlineData("slowhttptest-read", 200)]
    [InlineData("stalled-readers", 20)]
    [InlineData("reset-at-every-stage", 4)]
    [InlineData("half-close", 100)]
    [InlineData("connect-and-leave", 2000)]
    [InlineData("random-bytes", 200)]
    [InlineData("oversized", 5)]
    [InlineData("tls-garbage", 10)]
    [InlineData("too-many-connections", 2)]
    [InlineData("too-many-connections", 2, null, "sockets")]
    public Task Run_FewTimes_LosesNothing(string trial, int times, string? scheduling = null, string transport = "epoll") =>
        RunAsync(trial, context => context with { Transport = transport, Times = times, Scheduling = scheduling });

    [Theory]
    [InlineData("graceful-stop", 2)]
    [InlineData("stop-in-flight", 1)]
    public Task Run_OnAUnixSocket_LosesNothing(string trial, int times) => RunAsync(trial, context => context with { Times = times, Unix = true });

    [Fact]
    public Task Run_ShortSoak_RisesNowhere() => RunAsync("soak", context => context with { Length = TimeSpan.FromSeconds(5) });

    private async Task RunAsync(string name, Func<TrialContext, TrialContext> configure)
    {
        var trial = TrialCatalog.Find(name);
        Tool.Require(trial.Tools);
        var folder = Directory.CreateTempSubdirectory("reliability-").FullName;
        try
        {
            var result = await WithinLimitAsync(stop => trial.RunAsync(configure(new TrialContext("epoll", null, folder)), stop));
            output.WriteLine($"{result.Tried}; {result.Seen}");
            Assert.Empty(result.Losses);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Looks at the servers while they still run: what is cancelled takes them with it.</summary>
    private static async Task<TrialResult> WithinLimitAsync(Func<CancellationToken, Task<TrialResult>> trial)
    {
        using var stop = new CancellationTokenSource();
        var running = trial(stop.Token);
        try
        {
            return await running.WaitAsync(s_limit);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            var states = SampleServer.States;
            await stop.CancelAsync();
            await Task.WhenAny(running, Task.Delay(Waiting.Limit));
            throw new WaitException($"Not within {s_limit.TotalSeconds} s. {states}");
        }
    }
}

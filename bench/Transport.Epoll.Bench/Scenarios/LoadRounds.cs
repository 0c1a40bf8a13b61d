using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>The rounds of one scenario: who is started when, warmed up, and run after whom.</summary>
/// <param name="name">The scenario.</param>
/// <param name="generator">The load.</param>
/// <param name="path">The path that is measured.</param>
/// <param name="contenders">Those who take part.</param>
/// <param name="settings">How they are started.</param>
internal sealed class LoadRounds(string name, ILoadGenerator generator, string path, IReadOnlyList<Contender> contenders, ServerSettings settings)
{
    /// <summary>At least. Then all processes are started anew, so that one that happens to be slow, or quick, for all its life does not decide a row.</summary>
    private const int RoundsPerStart = 5;

    /// <summary>How long all rest after the warm-up.</summary>
    public TimeSpan Rest { get; init; }

    /// <summary>Whether peers take part in the rounds of the first start only.</summary>
    public bool PeersInFirstStart { get; init; }

    /// <summary>Runs before the first round. On a single processor the runtime waits ten times as long for quiet before it compiles again what is called often.</summary>
    public static int WarmUps(BenchOptions options) => options.Quick ? 1 : options.Pinned ? 8 : 2;

    /// <summary>The rounds of each start of all processes: five or more, about as many in each.</summary>
    public static IReadOnlyList<int[]> Starts(int rounds)
    {
        var starts = Math.Max(1, rounds / RoundsPerStart);
        return [.. Enumerable.Range(1, rounds).GroupBy(round => (round - 1) * starts / rounds).Select(some => some.ToArray())];
    }

    /// <summary>All are started and warmed up, then each round runs every one of them.</summary>
    public async Task<List<LoadRun>> RunTogetherAsync(int rounds, int seconds, int warmUps, CancellationToken cancellation)
    {
        var runs = new List<LoadRun>();
        foreach (var some in Starts(rounds))
        {
            var here = PeersInFirstStart && some[0] > 1 ? contenders.Where(c => !c.IsPeer) : contenders;
            await using var servers = await ServerGroup.StartAsync(here, settings, cancellation);
            await RequireSameAnswersAsync(servers, cancellation);
            await WarmUpAsync(servers, warmUps, seconds, cancellation);
            foreach (var round in some)
            {
                foreach (var server in servers.InTurn(round))
                {
                    runs.Add(await Meter.RunAsync(generator, server, path, seconds, round, cancellation));
                    Progress.Show(name, round, rounds, runs[^1]);
                }
            }
        }

        return runs;
    }

    /// <summary>A new process for each run, without a warm-up.</summary>
    public async Task<List<LoadRun>> RunFreshAsync(int rounds, int seconds, CancellationToken cancellation)
    {
        await using (var servers = await ServerGroup.StartAsync(contenders, settings, cancellation))
        {
            await RequireSameAnswersAsync(servers, cancellation);
        }

        var runs = new List<LoadRun>();
        for (var round = 1; round <= rounds; round++)
        {
            for (var i = 0; i < contenders.Count; i++)
            {
                await using var server = await ServerProcess.StartAsync(contenders[(i + round) % contenders.Count], settings, cancellation);
                runs.Add(await Meter.RunAsync(generator, server, path, seconds, round, cancellation));
                Progress.Show(name, round, rounds, runs[^1]);
            }
        }

        return runs;
    }

    private async Task WarmUpAsync(ServerGroup servers, int times, int seconds, CancellationToken cancellation)
    {
        for (var i = 0; i < times; i++)
        {
            foreach (var server in servers)
            {
                await Meter.RunAsync(generator, server, path, Math.Clamp(seconds, 2, 3), round: 0, cancellation);
            }
        }

        await Task.Delay(Rest, cancellation);
    }

    /// <summary>On every path of the load, not only on the measured one: who skips the work beside it would look fast.</summary>
    private async Task RequireSameAnswersAsync(ServerGroup servers, CancellationToken cancellation)
    {
        foreach (var asked in generator.OtherPaths.Prepend(path).Distinct())
        {
            await AnswerCheck.RequireSameAsync(servers, asked, settings.Database?.World, cancellation);
        }
    }
}

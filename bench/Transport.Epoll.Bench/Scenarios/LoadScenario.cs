using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>
/// Compares the contenders under one load, side by side: all are started and warmed up, then each round runs every one of them.
/// </summary>
internal sealed class LoadScenario(string name, string path, ILoadGenerator generator) : IScenario
{
    public const int DefaultRounds = 15;

    /// <summary>Time for background compilation to finish after the warm-up.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(1);

    /// <summary>Before calls are counted: what a process does in its first seconds, compiling and starting threads, is not of its requests.</summary>
    private const int SecondsBeforeCalls = 6;

    private const int SecondsOfCalls = 2;

    public string Name => name;

    public bool IsDefault => true;

    public IEnumerable<string> Tools => generator.Tools;

    /// <summary>Event loops of the epoll transport; null is its default. Sockets has no such switch and keeps its own default.</summary>
    public int? Loops { get; init; }

    public bool Http2 { get; init; }

    public bool Tls { get; init; }

    /// <summary>What the sample serves on a unix socket too; contenders that are not the sample do not.</summary>
    public UnixEndpoint Unix { get; init; }

    /// <summary>What it asks of a server.</summary>
    public Ability Needs { get; init; }

    /// <summary>Whether nginx, the limits and the like take part without being named.</summary>
    public bool WithPeers { get; init; }

    /// <summary>The length of a run if it has to be longer than the usual one.</summary>
    public int MinSeconds { get; init; }

    /// <summary>Interleaved rounds, unless the command line says.</summary>
    public int Rounds { get; init; } = DefaultRounds;

    /// <summary>A new process for each run, without a warm-up.</summary>
    public bool Fresh { get; init; }

    public async Task<bool> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var options = context.Options;
        var rounds = options.Rounds ?? Rounds;
        var seconds = Math.Max(options.Seconds, options.Quick || options.Check ? Math.Min(MinSeconds, 4) : MinSeconds);
        var settings = context.Settings(Loops, Http2, Tls) with { Unix = Unix };
        var participants = Participants.Choose(options, Needs | (Http2 ? Ability.Http2 : 0) | (Tls ? Ability.Tls : 0), WithPeers);
        foreach (var line in participants.LeftOut)
        {
            Console.Error.WriteLine($"{name}: {line}");
        }

        var report = new ScenarioReport
        {
            Name = name,
            Command = generator.Describe($"{settings.Scheme}://127.0.0.1:PORT{path}", seconds),
            Loops = settings.Loops,
            Pinned = options.Pinned,
            Rounds = rounds,
            NotJudged = options.Quick || options.Check ? "in short runs" : options.Loops is null ? null : "with another number of loops",
            LeftOut = participants.LeftOut,
            Runs = Fresh
                ? await RunFreshAsync(participants.Contenders, settings, rounds, seconds, cancellation)
                : await RunTogetherAsync(participants.Contenders, settings, rounds, seconds, options.Quick, cancellation),
            SystemCalls = options.SystemCalls && !Fresh ? await CountCallsAsync(participants.Contenders, settings, cancellation) : [],
        };
        Console.WriteLine(LoadReport.Write(report));
        context.Results.Add(report);
        return true;
    }

    private async Task<List<LoadRun>> RunTogetherAsync(
        IReadOnlyList<Contender> contenders, ServerSettings settings, int rounds, int seconds, bool quick, CancellationToken cancellation)
    {
        await using var servers = await ServerGroup.StartAsync(contenders, settings, cancellation);
        await RequireSameAnswersAsync(servers, cancellation);
        for (var i = 0; i < (quick ? 1 : 2); i++)
        {
            foreach (var server in servers)
            {
                await Meter.RunAsync(generator, server, path, Math.Clamp(seconds, 2, 3), round: 0, cancellation);
            }
        }

        await Task.Delay(s_settle, cancellation);

        var runs = new List<LoadRun>();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var server in servers.InTurn(round))
            {
                runs.Add(await Meter.RunAsync(generator, server, path, seconds, round, cancellation));
                Progress.Show(name, round, rounds, runs[^1]);
            }
        }

        return runs;
    }

    private async Task<List<LoadRun>> RunFreshAsync(
        IReadOnlyList<Contender> contenders, ServerSettings settings, int rounds, int seconds, CancellationToken cancellation)
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

    /// <summary>On every path of the load, not only on the measured one: who skips the work beside it would look fast.</summary>
    private async Task RequireSameAnswersAsync(ServerGroup servers, CancellationToken cancellation)
    {
        foreach (var asked in generator.OtherPaths.Prepend(path).Distinct())
        {
            await AnswerCheck.RequireSameAsync(servers, asked, cancellation);
        }
    }

    /// <summary>In runs of their own: a traced server is a slow one.</summary>
    private async Task<List<SystemCallRun>> CountCallsAsync(IReadOnlyList<Contender> contenders, ServerSettings settings, CancellationToken cancellation)
    {
        var runs = new List<SystemCallRun>();
        foreach (var contender in contenders)
        {
            await using var server = await ServerProcess.StartAsync(contender, settings, cancellation);
            (await generator.RunAsync(server, path, SecondsBeforeCalls, cancellation)).RequireClean($"{contender.Name}, before its calls are counted");
            runs.Add(await Strace.CountAsync(server, () => generator.RunAsync(server, path, SecondsOfCalls, cancellation), cancellation));
        }

        return runs;
    }
}

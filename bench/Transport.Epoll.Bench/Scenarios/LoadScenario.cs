using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>Compares the contenders under one load, side by side: who takes part, how they are started, what is reported.</summary>
internal sealed class LoadScenario(string name, string path, ILoadGenerator generator) : IScenario
{
    public const int DefaultRounds = 15;

    /// <summary>Before calls are counted: what a process does in its first seconds, compiling and starting threads, is not of its requests.</summary>
    private const int SecondsBeforeCalls = 6;

    private const int SecondsOfCalls = 2;

    public string Name => name;

    public bool IsDefault => Only is null;

    public IEnumerable<string> Tools => WithDatabase ? [.. generator.Tools, .. MariaDb.Needs] : generator.Tools;

    /// <summary>Event loops of the epoll transport; null is its default. Sockets has no such switch and keeps its own default.</summary>
    public int? Loops { get; init; }

    public bool Http2 { get; init; }

    public bool Tls { get; init; }

    /// <summary>With <see cref="Tls"/>: an RSA key instead of an ECDSA one.</summary>
    public bool Rsa { get; init; }

    /// <summary>What the sample serves on a unix socket too; contenders that are not the sample do not.</summary>
    public UnixEndpoint Unix { get; init; }

    /// <summary>What it asks of a server.</summary>
    public Ability Needs { get; init; }

    /// <summary>Whether nginx, the limits and the like take part without being named.</summary>
    public bool WithPeers { get; init; }

    /// <summary>Who takes part without being named, where it is a choice of its own. Not part of a run in which no scenario is named.</summary>
    public IReadOnlyList<Contender>? Only { get; init; }

    /// <summary>Whether a MariaDB runs, which all share. Peers then take part in the rounds of the first start only, a third of fifteen.</summary>
    public bool WithDatabase { get; init; }

    /// <summary>Whether the sample serves files and gRPC, too.</summary>
    public bool WithExtras { get; init; }

    /// <summary>The length of a run if it has to be longer than the usual one.</summary>
    public int MinSeconds { get; init; }

    /// <summary>Interleaved rounds, unless the command line says.</summary>
    public int Rounds { get; init; } = DefaultRounds;

    /// <summary>How long the servers rest after the warm-up: background compilation finishes in the default, of one second.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A new process for each run, without a warm-up.</summary>
    public bool Fresh { get; init; }

    public async Task<bool> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var options = context.Options;
        var rounds = options.Rounds ?? Rounds;
        var seconds = Math.Max(options.Seconds, options.Quick || options.Check ? Math.Min(MinSeconds, 4) : MinSeconds);
        await using var database = WithDatabase ? await MariaDb.StartAsync(Path.Combine(context.Folder, "mariadb"), cancellation) : null;
        var settings = context.Settings(Loops, Http2, Tls) with { Unix = Unix, Rsa = Rsa, Database = database, Extras = WithExtras };
        var participants = Participants.Choose(options, Needs | (Http2 ? Ability.Http2 : 0) | (Tls ? Ability.Tls : 0), settings.Workers, WithPeers, Only);
        foreach (var line in participants.LeftOut)
        {
            Console.Error.WriteLine($"{name}: {line}");
        }

        var counted = database is null ? generator : new BesideDatabase(generator, database);
        var load = new LoadRounds(name, counted, path, participants.Contenders, settings)
        {
            PeersInFirstStart = WithDatabase,
            Rest = Rest,
        };
        var report = new ScenarioReport
        {
            Name = name,
            Command = generator.Describe($"{settings.Scheme}://127.0.0.1:PORT{path}", seconds),
            Loops = settings.Loops,
            Pinned = options.Pinned,
            Rounds = rounds,
            Starts = Fresh ? rounds : LoadRounds.Starts(rounds).Count,
            NotJudged = options.Quick || options.Check ? "in short runs" : options.Loops is null ? null : "with another number of loops",
            LeftOut = participants.LeftOut,
            Runs = Fresh
                ? await load.RunFreshAsync(rounds, seconds, cancellation)
                : await load.RunTogetherAsync(rounds, seconds, LoadRounds.WarmUps(options), cancellation),
            SystemCalls = options.SystemCalls && !Fresh ? await CountCallsAsync(participants.Contenders, settings, cancellation) : [],
        };
        Console.WriteLine(LoadReport.Write(report));
        context.Results.Add(report);
        return true;
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

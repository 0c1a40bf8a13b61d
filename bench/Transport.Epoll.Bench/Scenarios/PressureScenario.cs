using System.Diagnostics;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>
/// Each stack at twice what it can serve, with a database that stands still for a while: what is lost, what is shed, how long one waits, and how
/// soon it is over. Fails when ours loses what it accepted, or is not back within a second.
/// </summary>
internal sealed class PressureScenario : IScenario
{
    /// <summary>Requests in progress that a server takes; it answers the rest 503.</summary>
    private const int Limit = 128;

    /// <summary>Connections of the clients: enough that the servers' limits are what counts.</summary>
    private const int Connections = 512;

    /// <summary>The first time warms the server up.</summary>
    private const int CapacitySeconds = 2;

    private const int CapacityRuns = 2;

    private const double BackWithin = 1;

    /// <summary>Longer than the lock, so that who waits for it is not who gives up.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly Wrk _capacity = new(connections: 64, threads: 1);

    public string Name => "pressure";

    public bool IsDefault => false;

    public IEnumerable<string> Tools => [.. _capacity.Tools, .. MariaDb.Needs];

    public async Task<bool> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var participants = Participants.Choose(context.Options, Ability.Database, context.Settings(loops: null).Workers, withPeers: false, Contender.Stacks);
        foreach (var line in participants.LeftOut)
        {
            Console.Error.WriteLine($"{Name}: {line}");
        }

        var plan = context.Options.Quick ? PressurePlan.Quick : PressurePlan.Whole;
        await using var database = await MariaDb.StartAsync(Path.Combine(context.Folder, "mariadb"), cancellation);
        var settings = context.Settings(loops: null) with { Database = database, Limit = Limit };
        var runs = new List<PressureRun>();
        foreach (var contender in participants.Contenders.Where(c => c.Name != Contender.Control))
        {
            await using var server = await ServerProcess.StartAsync(contender, settings, cancellation);
            runs.Add(await RunAsync(server, database, plan, cancellation));
            Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {Name}: {PressureReport.Line(runs[^1])}");
        }

        var text = PressureReport.Write(runs, plan, Describe(plan), participants.LeftOut);
        Console.WriteLine(text);
        context.Results.AddRaw(Name, runs);
        context.Results.AddOwn($"{Name}.md", text);
        PressureReport.Draw(runs, plan, context.Results.PathOf($"{Name}.png"));
        return runs.Find(r => r.Contender == Contender.Auto) is not { } ours || Holds(ours);
    }

    /// <summary>What is promised of ours.</summary>
    internal static bool Holds(PressureRun run) => run is { Broken: 0, BackAfterLock: <= BackWithin, BackAfterPressure: <= BackWithin };

    private static string Describe(PressurePlan plan) =>
        $"/db for {plan.PressureSeconds} s at twice what `wrk -c 64` gets, then {plan.Calm.TotalSeconds} s at half of it, over {Connections} connections at most; after {plan.Before.TotalSeconds} s the table is locked "
        + $"for {plan.Locked.TotalSeconds} s. Servers take {Limit} requests at a time. Clients wait {s_patience.TotalSeconds} s.";

    private async Task<PressureRun> RunAsync(ServerProcess server, MariaDb database, PressurePlan plan, CancellationToken cancellation)
    {
        await AnswerCheck.RequireSameAsync([server], DatabaseRows.Path, database.World, cancellation);
        LoadResult? capacity = null;
        for (var warm = 0; warm < CapacityRuns; warm++)
        {
            capacity = (await _capacity.RunAsync(server, DatabaseRows.Path, CapacitySeconds, cancellation)).RequireClean(server.Contender.Name);
        }

        var rate = capacity!.Requests / capacity.Seconds;
        Task<double>? locked = null;
        var load = new PressureLoad(new Uri(server.Address, DatabaseRows.Path), Connections, s_patience);
        var arrivals = await load.RunAsync(plan.Phases(rate), clock => locked = LockAsync(database, plan, clock, cancellation), cancellation);
        return PressureRun.Of(server.Contender.Name, rate, plan, await locked!, arrivals);
    }

    /// <summary>Returns when the lock ended.</summary>
    private static async Task<double> LockAsync(MariaDb database, PressurePlan plan, Stopwatch clock, CancellationToken cancellation)
    {
        await Task.Delay(plan.Before, cancellation);
        await database.LockAsync(plan.Locked, cancellation);
        return clock.Elapsed.TotalSeconds;
    }
}

using System.Globalization;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>
/// Bytes allocated per request in steady state: what <c>/info</c> says before and after a million requests.
/// The limit is what Sockets allocates, and one byte.
/// </summary>
internal sealed class AllocationScenario : IScenario
{
    private const int Requests = 1_000_000;
    private const int WarmUpRequests = 300_000;
    private const int DefaultRounds = 3;
    private const double AllowedExtraBytes = 1;
    private const string Path = "/plaintext";

    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(1);
    private readonly H2Load _generator = new(connections: 64, streams: 1);

    public string Name => "alloc";

    public bool IsDefault => false;

    public IEnumerable<string> Tools => _generator.Tools;

    public async Task<bool> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var rounds = context.Options.Rounds ?? DefaultRounds;
        var settings = context.Settings(loops: null);
        var participants = Participants.Choose(context.Options, Ability.Info, settings.Workers, withPeers: false);
        await using var servers = await ServerGroup.StartAsync(participants.Contenders, settings, cancellation);
        await AnswerCheck.RequireSameAsync(servers, Path, cancellation);
        foreach (var server in servers)
        {
            await LoadAsync(server, WarmUpRequests, cancellation);
            await ServerInfo.ReadAsync(server, collect: false, cancellation);
        }

        await Task.Delay(s_settle, cancellation);

        var runs = new List<AllocationRun>();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var server in servers.InTurn(round))
            {
                var before = await ServerInfo.ReadAsync(server, collect: false, cancellation);
                await LoadAsync(server, Requests, cancellation);
                var after = await ServerInfo.ReadAsync(server, collect: false, cancellation);
                runs.Add(new AllocationRun(server.Contender.Name, round, Requests, after.AllocatedBytes - before.AllocatedBytes));
                Console.Error.WriteLine(FormattableString.Invariant($"{Name}: round {round} of {rounds}: {runs[^1].Contender} {runs[^1].BytesPerRequest:F3} bytes per request"));
            }
        }

        context.Results.AddRaw(Name, new { command = $"h2load --h1 -t 1 -c 64 -n {Requests} http://127.0.0.1:PORT{Path}", rounds, runs });
        return Report(runs, rounds);
    }

    private async Task LoadAsync(ServerProcess server, int requests, CancellationToken cancellation)
    {
        var result = await _generator.RunCountedAsync(new Uri(server.Address, Path), requests, cancellation);
        if (result.Errors > 0 || result.Requests != requests)
        {
            throw new BenchException($"{server.Contender.Name}: {result.Errors} errors, {result.Requests} of {requests} requests succeeded.");
        }
    }

    private static bool Report(List<AllocationRun> runs, int rounds)
    {
        var table = new MarkdownTable("contender", "bytes per request", "more than sockets");
        var withinLimit = true;
        foreach (var contender in runs.Select(r => r.Contender).Distinct().OrderBy(Contender.Order))
        {
            var own = runs.Where(r => r.Contender == contender).ToList();
            var bytes = Summary.Of(own.Select(r => r.BytesPerRequest));
            var baseline = runs.Where(r => r.Contender == Contender.Baseline).ToDictionary(r => r.Round);
            var more = baseline.Count == 0 ? null : Summary.Of(own.Select(r => r.BytesPerRequest - baseline[r.Round].BytesPerRequest));
            table.Add(contender, bytes.ToString("F3", CultureInfo.InvariantCulture), more?.ToString("F3", CultureInfo.InvariantCulture) ?? "–");
            withinLimit &= !contender.StartsWith("epoll", StringComparison.Ordinal) || more is null || more.Median <= AllowedExtraBytes;
        }

        Console.WriteLine(table.Write($"alloc: allocated bytes per request of {Path}, {Requests} requests on 64 connections, {rounds} rounds"));
        if (!withinLimit)
        {
            Console.WriteLine(FormattableString.Invariant($"FAILED: a contender allocates more than {AllowedExtraBytes} byte per request above sockets."));
        }

        return withinLimit;
    }

    private sealed record AllocationRun(string Contender, int Round, long Requests, long AllocatedBytes)
    {
        public double BytesPerRequest => (double)AllocatedBytes / Requests;
    }
}

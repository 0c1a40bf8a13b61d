using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>
/// Compares the contenders under one load, side by side: all are started and warmed up, then each round runs every one of them.
/// </summary>
internal sealed class LoadScenario(string name, string path, ILoadGenerator generator) : IScenario
{
    private const int DefaultRounds = 15;

    /// <summary>Time for background compilation to finish after the warm-up.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(1);

    public string Name => name;

    public IEnumerable<string> Tools => [generator.Tool];

    /// <summary>Event loops of the epoll transport; null is its default. Sockets has no such switch and keeps its own default.</summary>
    public int? Loops { get; init; }

    public bool Http2 { get; init; }

    public async Task<bool> RunAsync(SampleBuild sample, BenchOptions options, CancellationToken cancellation)
    {
        var rounds = options.Rounds ?? DefaultRounds;
        await using var servers = await ServerGroup.StartAsync(sample, options.Contenders ?? Contender.Defaults, Loops, Http2, cancellation);
        await AnswerCheck.RequireSameAsync(servers, path, cancellation);

        for (var i = 0; i < 2; i++)
        {
            foreach (var server in servers)
            {
                await MeasureAsync(server, options.Seconds, round: 0, cancellation);
            }
        }

        await Task.Delay(s_settle, cancellation);

        var runs = new List<LoadRun>();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var server in servers.InTurn(round))
            {
                runs.Add(await MeasureAsync(server, options.Seconds, round, cancellation));
            }

            Console.Error.WriteLine($"{name}: round {round} of {rounds}: {string.Join(", ", runs.TakeLast(servers.Count)
                .OrderBy(r => r.Contender, StringComparer.Ordinal)
                .Select(r => FormattableString.Invariant($"{r.Contender} {r.RequestsPerSecond:F0}/s {r.CpuMicroseconds:F2} µs")))}");
        }

        var command = generator.Describe($"http://127.0.0.1:PORT{path}", options.Seconds);
        var loops = Loops is { } count ? $"--loops {count}" : "default loops";
        Console.WriteLine(LoadReport.Write($"{name}: `{command}`, {loops}, {rounds} rounds", runs));
        ResultFile.Write(name, new { command, loops = Loops, rounds, options.Seconds, runs });
        return true;
    }

    private async Task<LoadRun> MeasureAsync(ServerProcess server, int seconds, int round, CancellationToken cancellation)
    {
        var before = ProcFiles.CpuSeconds(server.Id);
        var result = await generator.RunAsync(new Uri(server.Address, path), seconds, cancellation);
        var cpu = ProcFiles.CpuSeconds(server.Id) - before;
        if (result.Errors > 0 || result.Requests == 0)
        {
            throw new BenchException($"{server.Contender.Name}, round {round}: {result.Errors} errors in {result.Requests} requests. Nothing of this scenario is reported.");
        }

        return new LoadRun(
            server.Contender.Name, round, result.Requests, result.Seconds, result.Requests / result.Seconds, cpu / result.Requests * 1e6,
            result.Errors, result.P50Milliseconds, result.P99Milliseconds);
    }
}

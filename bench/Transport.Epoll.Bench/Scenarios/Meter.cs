using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>Measures one run: what the load generator saw, and what it cost the server.</summary>
internal static class Meter
{
    public static async Task<LoadRun> RunAsync(ILoadGenerator generator, ServerProcess server, string path, int seconds, int round, CancellationToken cancellation)
    {
        var infoBefore = await InfoAsync(server, cancellation);
        var before = server.Usage();
        var result = await generator.RunAsync(server, path, seconds, cancellation);
        var used = result.Used ?? server.Usage().Since(before);
        result.RequireClean($"{server.Contender.Name}, round {round}");
        var infoAfter = await InfoAsync(server, cancellation);
        var requests = (double)result.Requests;
        return new LoadRun
        {
            Contender = server.Contender.Name,
            Round = round,
            Requests = result.Requests,
            Seconds = result.Seconds,
            Errors = result.Errors,
            RequestsPerSecond = requests / result.Seconds,
            UserMicroseconds = used.UserSeconds / requests * 1e6,
            SystemMicroseconds = used.SystemSeconds / requests * 1e6,
            VoluntarySwitches = used.VoluntarySwitches / requests,
            WorkingSetBytes = used.ResidentBytes,
            AllocatedBytes = (infoAfter?.AllocatedBytes - infoBefore?.AllocatedBytes) / requests,
            Latency = result.Latency is not null || round == 0 ? result.Latency : await generator.MeasureLatencyAsync(server, path, cancellation),
            Figures = WithModeChanges(result.Figures, infoBefore?.Auto, infoAfter?.Auto),
        };
    }

    private static async Task<ServerInfo?> InfoAsync(ServerProcess server, CancellationToken cancellation) =>
        server.Can(Ability.Info) ? await ServerInfo.ReadAsync(server, collect: false, cancellation) : null;

    private static IReadOnlyDictionary<string, double>? WithModeChanges(IReadOnlyDictionary<string, double>? figures, ModeChanges? before, ModeChanges? after) =>
        before is null || after is null ? figures : new Dictionary<string, double>([.. figures ?? new Dictionary<string, double>(), .. after.Since(before)]);
}

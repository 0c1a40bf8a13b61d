using System.Diagnostics;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>
/// Opens and closes many connections in mixed ways, twice. After the second time the server must hold what it held after the first:
/// the same descriptors and connections exactly, and the same heap within 1 MiB.
/// </summary>
internal sealed class LeakScenario : IScenario
{
    private const int Rounds = 2;
    private const long AllowedHeapDifference = 1024 * 1024;

    public string Name => "leak";

    public bool IsDefault => false;

    public IEnumerable<string> Tools => [];

    public async Task<bool> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var settings = context.Settings(loops: null);
        var contenders = context.Options.Contenders is null ? [Contender.Find("epoll-auto")]
            : Participants.Choose(context.Options, Ability.Info, settings.Workers, withPeers: false).Contenders;
        var unchanged = true;
        foreach (var contender in contenders)
        {
            await using var server = await ServerProcess.StartAsync(contender, settings, cancellation);
            unchanged &= await RunAsync(server, context, cancellation);
        }

        return unchanged;
    }

    private async Task<bool> RunAsync(ServerProcess server, BenchContext context, CancellationToken cancellation)
    {
        var connections = context.Options.LeakConnections;
        var table = new MarkdownTable("after round", "connections", "heap bytes", "descriptors", "of which");
        var snapshots = new List<ServerSnapshot>();
        var tallies = new List<IReadOnlyDictionary<string, int>>();
        for (var round = 1; round <= Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            var tally = await new LeakClient(server.Address.Port).RunAsync(connections, cancellation);
            Console.Error.WriteLine(FormattableString.Invariant(
                $"{Name}: {server.Contender.Name}, round {round}: {connections} connections in {clock.Elapsed.TotalSeconds:F1} s: {string.Join(", ", tally.Select(t => $"{t.Key} {t.Value}"))}"));
            tallies.Add(tally);
            snapshots.Add(await ServerSnapshot.TakeSettledAsync(server, cancellation));
            table.Add($"{round}", $"{snapshots[^1].Connections}", $"{snapshots[^1].HeapBytes}", $"{snapshots[^1].DescriptorCount}", snapshots[^1].DescriptorKinds);
        }

        Console.WriteLine(table.Write($"leak: {server.Contender.Name}, {connections} connections a round"));
        var (first, last) = (snapshots[0], snapshots[^1]);
        List<string> faults =
        [
            .. tallies.SelectMany(t => t).Where(t => t.Key.EndsWith(LeakClient.Failed, StringComparison.Ordinal)).Select(t => $"{t.Value} connections: {t.Key}"),
            .. first.DescriptorKinds == last.DescriptorKinds ? Array.Empty<string>() : ["open descriptors changed"],
            .. first.Connections == last.Connections ? Array.Empty<string>() : ["the connection count changed"],
            .. Math.Abs(last.HeapBytes - first.HeapBytes) <= AllowedHeapDifference ? Array.Empty<string>() : [$"the heap changed by {last.HeapBytes - first.HeapBytes} bytes"],
        ];
        Console.WriteLine(faults.Count == 0 ? "Unchanged after the second round." : $"FAILED: {string.Join("; ", faults)}.");
        context.Results.AddRaw(Name, new { contender = server.Contender.Name, connections, snapshots, tallies, faults });
        return faults.Count == 0;
    }
}

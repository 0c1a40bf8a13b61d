using System.Diagnostics;

namespace Transport.Epoll.Bench.Servers;

/// <summary>What a server holds: open descriptors, connections, heap. The connection that asks is not among the descriptors.</summary>
internal sealed record ServerSnapshot(int Connections, long HeapBytes, int DescriptorCount, string DescriptorKinds)
{
    private const long SettledHeapDifference = 64 * 1024;
    private const int SettledSamples = 3;
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);

    /// <summary>Longer than it takes Kestrel's memory pool to give back what a burst left in it.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    /// <summary>
    /// Waits until nothing changes any more: closing goes on for a moment after the last client left, and pools shrink with time.
    /// What still changes after the limit is returned as it is then.
    /// </summary>
    public static async Task<ServerSnapshot> TakeSettledAsync(ServerProcess server, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var last = await TakeAsync(server, cancellation);
        for (var equal = 1; equal < SettledSamples && clock.Elapsed < s_limit;)
        {
            await Task.Delay(s_interval, cancellation);
            var next = await TakeAsync(server, cancellation);
            equal = next.IsLike(last) ? equal + 1 : 1;
            last = next;
        }

        return last;
    }

    private bool IsLike(ServerSnapshot other) =>
        Connections == other.Connections
        && DescriptorKinds == other.DescriptorKinds
        && Math.Abs(HeapBytes - other.HeapBytes) <= SettledHeapDifference;

    private static async Task<ServerSnapshot> TakeAsync(ServerProcess server, CancellationToken cancellation)
    {
        // Two collections: what a finalizer of the first one let go of is freed by the second.
        await ServerInfo.ReadAsync(server, collect: true, cancellation);
        var info = await ServerInfo.ReadAsync(server, collect: true, cancellation);

        // The question's own connection is closing now; give the server time to be done with it.
        await Task.Delay(200, cancellation);
        var kinds = ProcFiles.Descriptors(server.Id);
        return new ServerSnapshot(info.Connections, info.HeapBytes, kinds.Values.Sum(), string.Join(", ", kinds.Select(k => $"{k.Key} {k.Value}")));
    }
}

using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>Measures a load on a machine whose processors other processes want all the time.</summary>
internal sealed class BesideBusyProcesses(ILoadGenerator measured, int perProcessor) : ILoadGenerator
{
    private static readonly int s_processors = Environment.ProcessorCount;

    public IEnumerable<string> Tools => measured.Tools;

    public IEnumerable<string> OtherPaths => measured.OtherPaths;

    public string Describe(string address, int seconds) => $"{measured.Describe(address, seconds)}, beside {perProcessor * s_processors} processes that only compute";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var busy = new List<ChildProcess>();
        try
        {
            for (var i = 0; i < perProcessor * s_processors; i++)
            {
                busy.Add(ChildProcess.Start("busy", pinned: false, "sh", "-c", "while :; do :; done"));
            }

            return await measured.RunAsync(server, path, seconds, cancellation);
        }
        finally
        {
            foreach (var process in busy)
            {
                await process.DisposeAsync();
            }
        }
    }
}

using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>Puts load on one path of one server.</summary>
internal interface ILoadGenerator
{
    /// <summary>The commands that it runs.</summary>
    IEnumerable<string> Tools { get; }

    /// <summary>What it asks for besides the path that it is given.</summary>
    IEnumerable<string> OtherPaths => [];

    /// <summary>What is kept with the results, so that a run can be repeated by hand.</summary>
    string Describe(string address, int seconds);

    Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation);

    /// <summary>
    /// The same load once more, for latencies alone: where recording them would slow the load down. Null where the run has them already, or nobody has.
    /// </summary>
    Task<Latency?> MeasureLatencyAsync(ServerProcess server, string path, CancellationToken cancellation) => Task.FromResult<Latency?>(null);
}

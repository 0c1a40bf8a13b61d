using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>One question that the benchmark answers. It starts and ends its own servers.</summary>
internal interface IScenario
{
    string Name { get; }

    /// <summary>Commands that must be installed.</summary>
    IEnumerable<string> Tools { get; }

    /// <summary>Runs it, prints a table, keeps the raw runs; false when a limit that it checks is exceeded.</summary>
    Task<bool> RunAsync(SampleBuild sample, BenchOptions options, CancellationToken cancellation);
}

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>One question that the benchmark answers. It starts and ends its own servers.</summary>
internal interface IScenario
{
    string Name { get; }

    /// <summary>Whether it is run when no scenario is named.</summary>
    bool IsDefault { get; }

    /// <summary>Commands that must be installed.</summary>
    IEnumerable<string> Tools { get; }

    /// <summary>Runs it, prints a table, keeps the raw runs; false when a limit that it checks is exceeded.</summary>
    Task<bool> RunAsync(BenchContext context, CancellationToken cancellation);
}

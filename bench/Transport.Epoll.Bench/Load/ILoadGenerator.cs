namespace Transport.Epoll.Bench.Load;

/// <summary>Puts load on one address, from a process of its own.</summary>
internal interface ILoadGenerator
{
    /// <summary>The command that it runs.</summary>
    string Tool { get; }

    /// <summary>What is kept with the results, so that a run can be repeated by hand.</summary>
    string Describe(string address, int seconds);

    Task<LoadResult> RunAsync(Uri address, int seconds, CancellationToken cancellation);
}

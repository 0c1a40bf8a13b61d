using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>What a load generator saw in one run. <paramref name="Latency"/> is missing where the tool does not report it.</summary>
/// <param name="Requests">Requests that succeeded.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Errors">Requests that failed, whatever the reason.</param>
/// <param name="Latency">How long a request took.</param>
/// <param name="Figures">What only this load has to say, by name; all of them are compared with the baseline's.</param>
/// <param name="Used">What the server used for these requests, where the load knows better than from before its start until after its end.</param>
internal sealed record LoadResult(long Requests, double Seconds, long Errors, Latency? Latency = null, IReadOnlyDictionary<string, double>? Figures = null, Usage? Used = null)
{
    /// <summary>This result; a run with a single error, or without a request, is refused.</summary>
    /// <param name="who">Whose run it was, for the message.</param>
    public LoadResult RequireClean(string who) => Errors == 0 && Requests > 0
        ? this
        : throw new BenchException($"{who}: {Errors} errors in {Requests} requests. Nothing of this scenario is reported.");

    /// <summary>This result with one figure more.</summary>
    public LoadResult With(string name, double value) => this with { Figures = new Dictionary<string, double>([.. Figures ?? new Dictionary<string, double>(), new(name, value)]) };
}

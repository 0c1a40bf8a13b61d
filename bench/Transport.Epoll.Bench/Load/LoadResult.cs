namespace Transport.Epoll.Bench.Load;

/// <summary>What a load generator saw in one run. Latencies are missing where the tool does not report them.</summary>
internal sealed record LoadResult(long Requests, double Seconds, long Errors, double? P50Milliseconds = null, double? P99Milliseconds = null);

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>How many system calls of each kind a server made for so many requests.</summary>
internal sealed record SystemCallRun(string Contender, long Requests, IReadOnlyDictionary<string, long> Calls)
{
    public double PerRequest => (double)Calls.Values.Sum() / Requests;
}

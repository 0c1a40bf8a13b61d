namespace Transport.Epoll.Bench.Servers;

/// <summary>What the Auto mode did: loops taken over from callbacks, connections that went to the pool and came back, loops that left all to the pool for a while, threads lent to the pool's work.</summary>
internal sealed record ModeChanges(long TakeOvers, long MovesToPool, long MovesToLoop, long StandbyLoans)
{
    public Dictionary<string, double> Since(ModeChanges earlier) => new()
    {
        ["take-overs"] = TakeOvers - earlier.TakeOvers,
        ["moves to pool"] = MovesToPool - earlier.MovesToPool,
        ["moves to loop"] = MovesToLoop - earlier.MovesToLoop,
        ["loans"] = StandbyLoans - earlier.StandbyLoans,
    };
}

namespace Transport.Epoll.Bench.Load;

/// <summary>A second load beside a measured one: slow requests that come at random moments, whatever became of the ones before.</summary>
/// <param name="Path">What they ask for.</param>
/// <param name="Rate">How many a second.</param>
/// <param name="Connections">The connections that they share, open and known to the server before the load begins; 0 opens a new one for each.</param>
internal sealed record SlowRequests(string Path, int Rate, int Connections)
{
    public override string ToString() => $"{Rate} × {Path} a second on {(Connections == 0 ? "new connections" : $"{Connections} old connections")}";
}

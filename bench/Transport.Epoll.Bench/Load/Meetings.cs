namespace Transport.Epoll.Bench.Load;

/// <summary>Two connections: the handler of the first waits, on its thread, for a task that the handler of the second completes a while later.</summary>
internal sealed class Meetings : IClient
{
    private static int s_last;

    private readonly HttpRequests _first;
    private readonly HttpRequests _second;
    private readonly TimeSpan _late;

    /// <param name="address">Where they meet, without the name.</param>
    /// <param name="late">How long after the first one the second one comes, so that the first one really waits.</param>
    public Meetings(Uri address, TimeSpan late)
    {
        var place = new Uri(address, $"{address.AbsolutePath}/{Environment.ProcessId}-{Interlocked.Increment(ref s_last)}");
        (_first, _second, _late) = (new HttpRequests(place), new HttpRequests(place), late);
    }

    public async Task RequestAsync(CancellationToken cancellation)
    {
        // Both answer 200 only when they met, whichever of them the server began with.
        var first = _first.RequestAsync(cancellation);
        await Task.Delay(_late, cancellation);
        await Task.WhenAll(first, _second.RequestAsync(cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }
}

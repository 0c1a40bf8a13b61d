using System.Globalization;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>One request of <see cref="OpenLoop"/>; all times in milliseconds since the load began.</summary>
/// <param name="Beside">Whether it is one of the slow requests beside.</param>
/// <param name="Due">When it had to be sent.</param>
/// <param name="Noticed">When the client noticed that.</param>
/// <param name="Done">When its answer was complete; null if it never was.</param>
internal sealed record Arrival(bool Beside, double Due, double Noticed, double? Done);

/// <summary>The requests of one run of <see cref="OpenLoop"/>, in the order in which they were due, and what the server used for them. One thread.</summary>
internal sealed class Arrivals(Usage used)
{
    private readonly List<Arrival> _all = [];

    public IReadOnlyList<Arrival> All => _all;

    /// <summary>Adds a line of the client's output.</summary>
    public void Add(string line)
    {
        var fields = line.Split(' ');
        double Milliseconds(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture) / 1e6;
        _all.Add(new Arrival(fields[0] == "1", Milliseconds(1), Milliseconds(2), fields[3] == "-1" ? null : Milliseconds(3)));
    }

    /// <summary>What is reported; an answer that never came is an error, whichever load's it is.</summary>
    /// <param name="beside">The second load, if there was one.</param>
    public LoadResult Result(SlowRequests? beside)
    {
        var seconds = _all.Select(a => Math.Max(a.Due, a.Done ?? 0)).DefaultIfEmpty().Max() / 1e3;
        var own = _all.Where(a => !a.Beside && a.Done is not null).ToList();
        var late = Latency.NewHistogram();
        _all.ForEach(a => Latency.Record(late, (a.Noticed - a.Due) * 1e3));
        var result = new LoadResult(own.Count, seconds, _all.Count(a => a.Done is null), LatencyOf(own), Used: used)
            .With("client late: p99 µs", late.GetValueAtPercentile(99));
        if (beside is null)
        {
            return result;
        }

        var slow = _all.Where(a => a.Beside && a.Done is not null).ToList();
        return result
            .With($"{beside.Path} requests/s", slow.Count / seconds)
            .With($"{beside.Path} p50 ms", LatencyOf(slow)?.P50 ?? 0);
    }

    private static Latency? LatencyOf(IEnumerable<Arrival> answered)
    {
        var histogram = Latency.NewHistogram();
        foreach (var arrival in answered)
        {
            Latency.Record(histogram, (arrival.Done!.Value - arrival.Due) * 1e3);
        }

        return Latency.Of(histogram);
    }
}

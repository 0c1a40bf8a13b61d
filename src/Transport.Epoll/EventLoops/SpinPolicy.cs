using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Decides whether a loop polls for a moment before it blocks. It pays when work comes sooner than a wake-up costs: only if the mean gap
/// between two pieces of work is shorter than the limit, never on a single processor or while the pool has work waiting (which needs the
/// processor more), and at most half of the processors' loops at a time.
/// </summary>
/// <remarks>Lease holder only, but for the count of spinning loops, which the process shares.</remarks>
internal sealed class SpinPolicy
{
    private static int s_spinning;

    private readonly int _maxSpinning;
    private readonly long _limit;
    private long _meanGap;

    public SpinPolicy(int microseconds, int processors)
    {
        _maxSpinning = processors / 2;
        _limit = microseconds * Stopwatch.Frequency / 1_000_000;
        _meanGap = _limit * 4; // a loop earns its first spin
    }

    /// <summary>The longest spin, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Limit => _limit;

    /// <summary>Whether to spin now; if so, <see cref="End"/> must follow.</summary>
    public bool TryBegin()
    {
        if (_limit == 0 || _meanGap >= _limit || ThreadPool.PendingWorkItemCount > 0)
        {
            return false;
        }

        if (Interlocked.Increment(ref s_spinning) <= _maxSpinning)
        {
            return true;
        }

        End();
        return false;
    }

    public static void End() => Interlocked.Decrement(ref s_spinning);

    /// <summary>Work came <paramref name="ticks"/> after the loop had run out of it. One long gap, capped, ends the spinning.</summary>
    public void RecordGap(long ticks) => _meanGap += (Math.Min(ticks, _limit * 16) - _meanGap) / 8;
}

using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Decides whether a loop polls for a moment before it blocks: while a poll would have bridged fifteen of sixteen gaps lately, never on a single processor
/// or while the pool has work waiting (which needs the processor more), and at most half of the processors' loops at a time. A poll lasts two wake-ups at
/// most: whoever answers at once has been woken and has answered by then.
/// </summary>
/// <remarks>Lease holder only, but for the count of spinning loops, which the process shares.</remarks>
internal sealed class SpinPolicy
{
    /// <summary>One client that asks again as soon as it is answered is well above; arrivals at random are below, unless they come one on the other's heels.</summary>
    private const double MinBridged = 15.0 / 16;

    /// <summary>So many gaps back the share reaches, about: each counts for so much less than the one after it.</summary>
    private const int Lately = 32;

    private static int s_spinning;

    private readonly int _maxSpinning;
    private readonly long _longest;
    private readonly WakeUpTime? _wakeUp;
    private double _bridged;

    /// <param name="microseconds">The longest spin.</param>
    /// <param name="processors">How many the process may use.</param>
    /// <param name="wakeUp">How long a wake-up takes, once that was measured.</param>
    public SpinPolicy(int microseconds, int processors, WakeUpTime? wakeUp = null)
    {
        _maxSpinning = processors / 2;
        _longest = microseconds * Stopwatch.Frequency / 1_000_000;
        _wakeUp = wakeUp;
    }

    /// <summary>The longest spin, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Limit => WakeUp is > 0 and long wakeUp ? 2 * wakeUp : _longest;

    /// <summary>Whether to spin now; if so, <see cref="End"/> must follow.</summary>
    public bool TryBegin()
    {
        if (_bridged < MinBridged || Limit == 0 || Uninterruptible.Read(static () => ThreadPool.PendingWorkItemCount) > 0)
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

    /// <summary>Work came <paramref name="ticks"/> after the loop had run out of it, a wake-up included if it <paramref name="slept"/>. False: so soon that there was no gap.</summary>
    public bool TryRecordGap(long ticks, bool slept)
    {
        long wakeUp = WakeUp;
        if (slept && ticks < wakeUp / 2)
        {
            return false; // it was there already
        }

        long gap = slept ? ticks - wakeUp : ticks;
        _bridged += ((gap < Limit ? 1 : 0) - _bridged) / Lately;
        return true;
    }

    /// <summary>One wake-up, and no more than half of the longest spin, for two are the limit; a machine that was busy when it was measured must not make all gaps look short.</summary>
    private long WakeUp => Math.Min(_wakeUp?.Ticks ?? 0, _longest / 2);
}

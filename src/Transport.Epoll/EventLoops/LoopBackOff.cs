using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Takes a whole loop off inline callbacks for a while when connection after connection turns out slow, as with clients that make a new
/// connection for each blocking request: marks per connection never catch up with those. The time doubles when the slowness is back soon after.
/// </summary>
/// <remarks>Lease holder only.</remarks>
internal sealed class LoopBackOff(TimeSpan shortest)
{
    /// <summary>Slow callbacks must have taken half of so long. Connections that are slow once each, as at the start, stay below it.</summary>
    private static readonly long s_window = 2 * Stopwatch.Frequency;

    private const int MaxDoubled = 32;

    private readonly long _shortest = (long)(shortest.TotalSeconds * Stopwatch.Frequency);
    private long _windowStart;
    private long _slowInWindow;
    private long _current;
    private long _until;

    /// <summary>Whether the loop is on the pool.</summary>
    public bool IsActive { get; private set; }

    /// <summary>How long the last back-off is or was.</summary>
    public TimeSpan Duration => Stopwatch.GetElapsedTime(0, _current);

    /// <summary>An inline callback was slow. True if the loop backs off now.</summary>
    public bool OnSlow(long start, long end)
    {
        if (start - _windowStart > 2 * s_window)
        {
            _windowStart = start;
            _slowInWindow = 0;
        }

        _slowInWindow += end - start;
        long window = end - _windowStart;
        if (window < s_window)
        {
            return false;
        }

        bool begin = _slowInWindow * 2 >= window;
        if (begin)
        {
            // Back within the time it was off: twice as long. Longer ago: half as long.
            _current = _until == 0 ? _shortest
                : end - _until < _current ? Math.Min(_current * 2, _shortest * MaxDoubled)
                : Math.Max(_current / 2, _shortest);
            _until = end + _current;
            IsActive = true;
        }

        _windowStart = end;
        _slowInWindow = 0;
        return begin;
    }

    /// <summary>True once, when the back-off is over.</summary>
    public bool TryEnd(long now)
    {
        if (!IsActive || now < _until)
        {
            return false;
        }

        IsActive = false;
        return true;
    }
}

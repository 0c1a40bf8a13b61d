using System.Diagnostics;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// Reports, once each time, that callbacks have held up so many standbys for a while that the reserve is gone and can't be mended. Nothing else
/// shows it, for the pool serves.
/// </summary>
/// <remarks>Watchdog only.</remarks>
internal sealed class ExhaustionReport(AutoScheduling auto)
{
    private static readonly TimeSpan s_after = TimeSpan.FromSeconds(1);

    // Of the exhaustion that lasts; none: 0.
    private long _since;
    private bool _reported;

    public void Look(long now)
    {
        if (!auto.Threads.IsExhausted)
        {
            (_since, _reported) = (0, false);
        }
        else if (_since == 0)
        {
            _since = now;
        }
        else if (!_reported && Stopwatch.GetElapsedTime(_since, now) > s_after)
        {
            _reported = true;
            auto.OnStandbysExhausted();
        }
    }
}

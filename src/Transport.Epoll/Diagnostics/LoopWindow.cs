using System.Diagnostics;

namespace Transport.Epoll.Diagnostics;

/// <summary>
/// What of a loop is a matter of time: how busy it was lately, and its longest turn and callback. Lately is since the look before the last, but not less than a second unless the loop is
/// younger: so several observers, and several figures of one look, do not cut each other's time to nothing.
/// </summary>
/// <remarks>Any thread, under its own lock.</remarks>
internal sealed class LoopWindow
{
    private static readonly long s_shortest = Stopwatch.Frequency;

    private readonly IObservedLoop _loop;
    private readonly Lock _gate = new();

    // The beginning of the window, and the one of the next.
    private Sample _before;
    private Sample _last;
    private long _longestTurn;
    private long _longestCallback;

    public LoopWindow(IObservedLoop loop)
    {
        _loop = loop;
        long now = Stopwatch.GetTimestamp();
        _before = _last = new Sample(now, loop.Counters.WaitTicks(now));
    }

    public IObservedLoop Loop => _loop;

    /// <summary>A look at the loop.</summary>
    public LoopFigures Look()
    {
        lock (_gate)
        {
            LoopCounters counters = _loop.Counters;
            long now = Stopwatch.GetTimestamp();
            Sample sample = new(now, counters.WaitTicks(now));
            if (now - _last.Time >= s_shortest)
            {
                (_before, _last) = (_last, sample);
                (_longestTurn, _longestCallback) = counters.TakeLongest();
            }

            (long turn, long callback) = counters.SeeLongest();
            turn = Math.Max(Math.Max(turn, _longestTurn), counters.CurrentTurn(now));
            callback = Math.Max(Math.Max(callback, _longestCallback), _loop.CurrentCallback(now));
            long elapsed = sample.Time - _before.Time;
            double busy = elapsed == 0 ? 0 : Math.Clamp(1 - ((double)(sample.Waited - _before.Waited) / elapsed), 0, 1);
            return new LoopFigures(busy, Stopwatch.GetElapsedTime(0, turn), Stopwatch.GetElapsedTime(0, callback));
        }
    }

    private readonly record struct Sample(long Time, long Waited);
}

/// <summary>What a look at a loop found.</summary>
/// <param name="Utilization">The share of the time in which it did not wait, from 0 to 1.</param>
/// <param name="Lag">The longest time between two looks for events.</param>
/// <param name="LongestCallback">The longest callback.</param>
internal readonly record struct LoopFigures(double Utilization, TimeSpan Lag, TimeSpan LongestCallback);

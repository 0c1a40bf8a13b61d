using System.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>Looks how busy the carriers are, and adds one or has one leave as <see cref="CarrierPolicy"/> says. While some callbacks are slow there are two at least.</summary>
/// <remarks>Watchdog only.</remarks>
internal sealed class CarrierGovernor(AutoScheduling auto, EventLoop[] loops, IdleProcessors idle)
{
    private const int FewestBesideSlow = 2;

    private readonly Carriers _carriers = auto.Threads.Carriers!;
    private readonly CarrierPolicy _policy = new(loops.Length);
    private readonly long[] _waited = new long[loops.Length];
    private long _lookedAt;
    private bool _isMeasuringIdle;

    /// <summary>With each tick; it measures over <see cref="CarrierPolicy.Window"/> at least.</summary>
    public void Look(long now)
    {
        Measure(now);
        if (_carriers.Wanted > _carriers.Active)
        {
            _carriers.TryAdd(auto.Threads); // in vain as long as the only one has made no room
        }
    }

    private void Measure(long now)
    {
        int active = Math.Min(_carriers.Active, _carriers.Wanted); // one that shall leave may take a while to notice
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_lookedAt, now);
        if (_lookedAt != 0 && elapsed < CarrierPolicy.Window(active))
        {
            return;
        }

        double busy = Busy(now, now - _lookedAt);
        if (_lookedAt != 0)
        {
            Decide(active, busy, elapsed);
        }

        _lookedAt = now;
    }

    private void Decide(int active, double busy, TimeSpan elapsed)
    {
        // What the processors did meanwhile is only asked for when it matters, so one window later than the load is seen.
        bool isFull = CarrierPolicy.IsFull(active, busy);
        double idleNow = isFull ? idle.Measure() : 0;
        int wanted = Math.Max(auto.AreSomeSlow ? FewestBesideSlow : 1, _policy.Decide(active, busy, isFull && _isMeasuringIdle ? idleNow : 0, elapsed));
        _isMeasuringIdle = isFull;
        _carriers.Wanted = wanted;
    }

    /// <summary>How many loops were driven at the same time since the last look, on average.</summary>
    private double Busy(long now, long elapsed)
    {
        long busy = 0;
        for (int i = 0; i < loops.Length; i++)
        {
            long waited = loops[i].Counters.WaitTicks(now);
            busy += loops[i].HasEnded ? 0 : Math.Clamp(elapsed - (waited - _waited[i]), 0, elapsed);
            _waited[i] = waited;
        }

        return elapsed == 0 ? 0 : (double)busy / elapsed;
    }
}

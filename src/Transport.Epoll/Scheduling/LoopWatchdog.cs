using System.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// Looks at the leases of a group's loops and has a standby take over a loop that a callback holds up. One thread for the group, which
/// sleeps while all loops wait.
/// </summary>
/// <remarks>Its own thread; <see cref="TryTakeOver"/> and <see cref="Tick"/> from a test's thread instead.</remarks>
internal sealed class LoopWatchdog
{
    /// <summary>A stall is seen in three ticks.</summary>
    private const int TicksPerStall = 3;

    /// <summary>While callbacks are short, and none waits for the pool, ticks are this much rarer: a tick costs some 35 µs of processor.</summary>
    private const int MaxStretch = 4;

    private const int QuietTicksToSleep = 10;

    /// <summary>How long callbacks may hold up so many standbys that none is in reserve before that is reported. Nothing else shows it, for the pool serves.</summary>
    private static readonly TimeSpan s_exhaustedAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long the transport's own code may take for one turn before it is reported. On a machine with a load of fifteen on two processors a turn took more than one second.</summary>
    private static readonly TimeSpan s_stuckAfter = TimeSpan.FromSeconds(10);

    private readonly AutoScheduling _auto;
    private readonly PoolRelief _relief;
    private readonly LoopObservation[] _observations;
    private readonly TimeSpan _interval;
    private readonly CarrierGovernor? _governor;
    private long _exhaustedSince;
    private bool _exhaustionReported;

    public LoopWatchdog(AutoScheduling auto, ReadOnlySpan<EventLoop> loops, Func<TimeSpan>? processorTime = null, CarrierGovernor? governor = null)
    {
        _auto = auto;
        _governor = governor;
        _relief = new PoolRelief(auto, processorTime);
        _interval = auto.Times.TakeOverAfter / TicksPerStall;
        _observations = new LoopObservation[loops.Length];
        for (int i = 0; i < loops.Length; i++)
        {
            _observations[i] = new LoopObservation(loops[i], auto, _interval, s_stuckAfter);
        }
    }

    /// <summary>Starts the thread; <see cref="WatchdogAlarm.Stop"/> ends it.</summary>
    public void Start(ThreadStarter starter) => starter.Start("epoll-watchdog", Run);

    /// <summary>Looks at each loop once and takes over those that are held up; then mends the reserve of standbys, and lends others to callbacks that the pool leaves waiting.</summary>
    /// <returns>The most that it saw: all loops waiting at one end, a stall at the other.</returns>
    public LoopSight Tick()
    {
        LoopSight most = LoopSight.Waiting;
        foreach (LoopObservation observation in _observations)
        {
            LoopSight sight = observation.Look();
            most = sight > most ? sight : most;
            if (sight == LoopSight.Stalled)
            {
                TryTakeOver(observation.Loop, observation.Word);
            }
            else if (sight == LoopSight.Stuck)
            {
                _auto.OnStuck(observation.Loop.Name, observation.Running);
            }
        }

        _auto.Threads.Refill();
        long now = _auto.Clock();
        if (!_auto.Threads.IsExhausted)
        {
            (_exhaustedSince, _exhaustionReported) = (now, false);
        }
        else if (!_exhaustionReported && Stopwatch.GetElapsedTime(_exhaustedSince, now) > s_exhaustedAfter)
        {
            _exhaustionReported = true;
            _auto.OnStandbysExhausted();
        }

        _governor?.Look(now);
        bool helps = _relief.Look(now);
        LoopSight pool = !_auto.SlowCallbacks.IsEmpty ? LoopSight.Suspicious : helps ? LoopSight.Busy : LoopSight.Waiting;
        return pool > most ? pool : most;
    }

    /// <summary>Takes the loop from the callback of <paramref name="word"/> and gives it to a standby, if the callback still runs and a standby can be had.</summary>
    public bool TryTakeOver(EventLoop loop, long word)
    {
        if (_auto.Threads.TryReserve() is not Standby standby)
        {
            return false;
        }

        _auto.OnTakingOver(loop, word); // before: the thread that loses the loop may return at once
        if (!loop.Lease.TryTakeOver(word))
        {
            _auto.OnReturned(loop.Counters.Index, word);
            _auto.Threads.Return(standby);
            return false;
        }

        loop.OnTakenOver();
        _auto.Threads.HandOver(standby, loop);
        return true;
    }

    private void Run()
    {
        int stretch = 1;
        int quiet = 0;
        while (_auto.Alarm.Pause(_interval * stretch))
        {
            LoopSight sight = Tick();
            stretch = sight >= LoopSight.Suspicious ? 1 : Math.Min(stretch * 2, MaxStretch);
            quiet = sight == LoopSight.Waiting ? quiet + 1 : 0;
            if (quiet >= QuietTicksToSleep && !_auto.Alarm.Sleep(CanSleep))
            {
                return;
            }
        }
    }

    /// <summary>A loop adds to the callbacks that wait before it waits itself: in this order none is missed.</summary>
    private bool CanSleep()
    {
        foreach (LoopObservation observation in _observations)
        {
            if (!LoopLease.IsWaiting(observation.Loop.Lease.Word))
            {
                return false;
            }
        }

        return _auto.SlowCallbacks.IsEmpty;
    }
}

using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Decides, in the Auto mode, where each application item of one loop runs, when the item is dequeued; and whether a callback that took long
/// was slow by itself.
/// </summary>
/// <remarks>Lease holder only; the watchdog is that between take-over and hand-over.</remarks>
internal sealed class CallbackPolicy(string loop, AutoScheduling auto)
{
    private readonly LoopBackOff _backOff = new(auto.Times.BackOff);
    private readonly LostTime _lost = new();
    private bool _heldUp;
    private int _warmUpsLeft = 100; // then a callback that compiles each time, or is slow beside others that do, is slow like any other
    private long _sending;

    /// <summary>A thread begins to drive the loop.</summary>
    public void OnDriver(int threadId)
    {
        _sending = LoopThread.Sending;
        _lost.OnThread(auto, threadId);
    }

    /// <summary>All application items of a turn have had their turn.</summary>
    public void OnTurnEnd() => _heldUp = false;

    /// <summary>Before application items run.</summary>
    /// <returns>When the first of them begins.</returns>
    public long OnTurn(long now)
    {
        if (_backOff.TryEnd(now))
        {
            auto.OnLoopResumed(loop);
        }

        return _lost.Refresh(auto, now);
    }

    /// <summary>
    /// Whether the owner's next callback may run on the loop. After a slow one in the same turn only quick connections' may, so that the loop
    /// is held up once a turn at most, unless what holds it up is forgiven. Without a standby in reserve nothing may: nobody could take over.
    /// </summary>
    public bool MayRunInline(IApplicationItemOwner owner)
        => !_backOff.IsActive && (_heldUp ? owner.Callbacks.IsQuick : !owner.Callbacks.IsOnPool) && auto.Threads.HasReserve;

    /// <summary>Hands an item that may not run inline to the pool.</summary>
    public void RunOnPool(in WorkItem item) => auto.SlowCallbacks.Add(new MeasuredCallback(auto, item));

    /// <summary>A callback ran on the loop.</summary>
    public void OnRan(IApplicationItemOwner owner, long start, long end)
    {
        long sending = LoopThread.Sending;
        start += sending - _sending; // as if the callback had begun later by what it sent
        _sending = sending;
        if (!auto.IsSlow(end - start))
        {
            owner.Callbacks.OnQuick();
            return;
        }

        if (_lost.Own(auto, start, end) is TimeSpan own && own > auto.Times.SlowCallback)
        {
            _heldUp = true;
            CountSlow(owner, start, end);
            if (!IsForgiven(owner, own))
            {
                auto.MoveToPool(owner, own);
            }
        }
    }

    /// <summary>The loop was taken over from a callback that began at <paramref name="start"/>, perhaps with others queued behind it.</summary>
    public void OnTakenOver(IApplicationItemOwner? owner, long start, bool othersWait, int threadId)
    {
        long now = Stopwatch.GetTimestamp();
        _heldUp = othersWait;
        auto.OnTakenOver(loop, owner, Stopwatch.GetElapsedTime(start, now), threadId);
        CountSlow(owner, start, now);
    }

    private bool IsForgiven(IApplicationItemOwner owner, TimeSpan own)
    {
        bool isShort = own <= auto.Times.LongestForgiven;
        return ((_lost.IsWarmUp || (isShort && _lost.IsProcessWarmingUp)) && --_warmUpsLeft >= 0)
            || (isShort && owner.Callbacks.TryForgive(auto.Times.QuickToBeForgiven));
    }

    private void CountSlow(IApplicationItemOwner? owner, long start, long end)
    {
        if (_backOff.OnSlow(start, end))
        {
            auto.OnLoopBackedOff(loop, owner, Stopwatch.GetElapsedTime(start, end), _backOff.Duration);
        }
    }
}

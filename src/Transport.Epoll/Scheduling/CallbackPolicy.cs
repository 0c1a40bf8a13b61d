using System.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>Decides, in the Auto mode, where each application item of one loop runs, when the item is dequeued; and whether its connection was slow.</summary>
/// <remarks>Lease holder only; the watchdog is that between take-over and hand-over.</remarks>
internal sealed class CallbackPolicy(string loop, int index, AutoScheduling auto) : ICallbackPolicy
{
    private CallbackClock _clock = null!; // the driver's
    private bool _heldUp;

    /// <summary>A thread begins to drive the loop.</summary>
    public void OnDriver() => _clock = CallbackClock.OfThisThread;

    /// <summary>The loop goes on after a wait, and its lease says so: see <see cref="WatchdogAlarm"/>.</summary>
    public void OnAwake() => auto.Alarm.OnLoopAwake();

    /// <summary>All application items of a turn have had their turn.</summary>
    public void OnTurnEnd() => _heldUp = false;

    /// <summary>Before application items run.</summary>
    /// <returns>When the first of them begins.</returns>
    public long OnTurn(long now) => _clock.Refresh(auto.Kernel, now);

    /// <summary>
    /// Whether the owner's next callback may run on the loop. After a slow one in the same turn only quick connections' may, so that the loop
    /// is held up once a turn at most. Without a standby in reserve nothing may: nobody could take over.
    /// </summary>
    public bool MayRunInline(IApplicationItemOwner owner)
    {
        CallbackRecord record = ((IMeasuredOwner)owner).Callbacks;
        if (record.IsUnknown && auto.AreNewSlow)
        {
            record.StartOnPool();
        }

        return (_heldUp ? record.IsQuick : !record.IsOnPool) && auto.Threads.HasReserve;
    }

    /// <summary>Hands an item that may not run inline to the pool.</summary>
    public void RunOnPool(in WorkItem item) => auto.SlowCallbacks.Add(new MeasuredCallback(auto, item));

    /// <summary>A callback ran on the loop.</summary>
    public void OnRan(IApplicationItemOwner owner, long start, long end)
    {
        TimeSpan own = _clock.OwnTime(auto.Kernel, auto.Slow, start, end);
        if (own <= auto.Times.SlowCallback)
        {
            ((IMeasuredOwner)owner).Callbacks.OnQuick();
            return;
        }

        _heldUp = true;
        auto.MoveToPool((IMeasuredOwner)owner, own);
        auto.Threads.Carriers?.MakeRoom(index);
    }

    /// <summary>The loop was taken over from a callback that began at <paramref name="start"/>, perhaps with others queued behind it.</summary>
    public void OnTakenOver(IApplicationItemOwner? owner, long start, bool othersWait, int threadId)
    {
        _heldUp = othersWait;
        auto.OnTakenOver(loop, (IMeasuredOwner?)owner, Stopwatch.GetElapsedTime(start), threadId);
        auto.Threads.Carriers?.MakeRoom(index);
    }

    /// <summary>That callback has returned. Its thread, which holds the lease no more.</summary>
    public void OnReturned(long word) => auto.OnReturned(index, word);
}

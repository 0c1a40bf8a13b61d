using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// The items that the running loop queued for itself, and how an item is run. User code runs only here, at the top of the loop's stack.
/// </summary>
/// <remarks>Lease holder only, in state running.</remarks>
internal sealed class RunQueue(EventLoop loop, ICallbackPolicy? policy, Action<Exception> onFault)
{
    private const int MaxPerTurn = 256;

    /// <summary>Sends that callbacks produced wait at most this long, so that one slow callback does not hold back its neighbours' answers.</summary>
    private static readonly long s_sendDelay = Stopwatch.Frequency * 200 / 1_000_000;

    private readonly Queue<WorkItem> _items = new();

    /// <summary>The number of items. Any thread: a hint.</summary>
    public int Count => _items.Count;

    public bool IsEmpty => _items.Count == 0;

    public void Enqueue(in WorkItem item) => _items.Enqueue(item);

    public bool TryDequeue([MaybeNullWhen(false)] out WorkItem item) => _items.TryDequeue(out item);

    /// <summary>Runs what is queued now, at most a turn's share; calls <paramref name="sendPending"/> between callbacks when it is due.</summary>
    /// <returns>False when the lease was lost in a callback: then nothing more of the loop may be touched.</returns>
    public bool RunTurn(Action sendPending)
    {
        long now = Stopwatch.GetTimestamp();
        long lastSend = now;
        loop.Counters.OnRunQueue(now);
        now = policy?.OnTurn(now) ?? now;
        for (int left = Math.Min(_items.Count, MaxPerTurn); left > 0 && _items.TryDequeue(out WorkItem item); left--)
        {
            if (item.Owner is null)
            {
                item.RunForLoop(onFault);
                now = 0; // its time is not the next callback's
                continue;
            }

            if (policy is not null && !policy.MayRunInline(item.Owner))
            {
                policy.RunOnPool(item);
                loop.Counters.OnCallbackToPool();
                now = 0; // nor is that one's time
                continue;
            }

            long start = now == 0 ? Stopwatch.GetTimestamp() : now;
            if (!TryRunApplicationItem(item, start))
            {
                return false;
            }

            now = Stopwatch.GetTimestamp();
            loop.Counters.OnCallback(now - start);
            policy?.OnRan(item.Owner, start, now);
            if (now - lastSend > s_sendDelay)
            {
                sendPending();
                lastSend = now = Stopwatch.GetTimestamp();
            }
        }

        policy?.OnTurnEnd();
        return true;
    }

    /// <summary>Runs user code: outside state running, and with nothing of it left on the thread afterwards. False when the lease is lost.</summary>
    private bool TryRunApplicationItem(in WorkItem item, long now)
    {
        string? name = Thread.CurrentThread.Name;
        LoopThread.Running = null;
        long entered = loop.Lease.Enter(item.Owner!, now);
        item.RunForOwner();
        CallbackIsolation.Restore(name);
        if (!loop.Lease.TryLeave(entered))
        {
            policy?.OnReturned(entered);
            return false;
        }

        LoopThread.Running = loop;
        return true;
    }
}

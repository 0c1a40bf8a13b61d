using System.Diagnostics;
using System.Runtime;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Scheduling;

/// <summary>What the loops of a group share in the Auto mode: its constants, standby threads, the watchdog's alarm, and who is told of changes.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class AutoScheduling(
    AutoTimes times, DriverThreads threads, Kernel kernel, SchedulingCounters counters, ILogger logger, SlowCallbackQueue? slowCallbacks = null)
{
    /// <summary>
    /// How long a slow callback is remembered: clients that open a connection for each blocking request, of which nothing is known, would else hold up a loop
    /// each time, and with a single carrier all connections.
    /// </summary>
    private static readonly long s_lately = 10 * Stopwatch.Frequency;

    /// <summary>So many quick ones in a row show that the slow one was an exception: a connection for each request pays for the pool no longer then.</summary>
    private const int QuickOnTrial = 100;

    // The same happens again and again where most handlers block.
    private readonly WarningInterval _takeOverWarnings = new();

    // Until when new connections begin on the pool; and how many of their callbacks there were quick in a row.
    private long _newSlowUntil;
    private int _quickOnTrial;

    // When a callback was slow, on a loop or on the pool. Any thread writes: a hint.
    private long _slowAt;

    public AutoTimes Times => times;

    public DriverThreads Threads => threads;

    public Kernel Kernel => kernel;

    public WatchdogAlarm Alarm { get; } = new();

    /// <summary>What slow connections' callbacks wait in for the pool.</summary>
    public SlowCallbackQueue SlowCallbacks { get; } = slowCallbacks ?? new SlowCallbackQueue();

    /// <summary>How long all threads of the process have compiled so far.</summary>
    public Func<TimeSpan> CompilationTime { get; init; } = static () => JitInfo.GetCompilationTime();

    /// <summary>The time, in ticks of <see cref="Stopwatch"/>.</summary>
    public Func<long> Clock { get; init; } = Stopwatch.GetTimestamp;

    /// <summary>Whether a new connection's first callbacks were slow lately: then those of others are tried on the pool first.</summary>
    public bool AreNewSlow => Volatile.Read(ref _newSlowUntil) is not 0 and long until && Clock() < until;

    /// <summary>Whether any callback was slow lately: then one carrier alone would have all connections wait for the next one.</summary>
    public bool AreSomeSlow => Volatile.Read(ref _slowAt) is not 0 and long slowAt && Clock() - slowAt < s_lately;

    /// <summary>A callback that takes longer is slow, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Slow { get; } = (long)(times.SlowCallback.TotalSeconds * Stopwatch.Frequency);

    /// <summary>A callback was slow on its loop: the connection's next ones run on the pool.</summary>
    public void MoveToPool(IMeasuredOwner owner, TimeSpan ran)
    {
        Volatile.Write(ref _slowAt, Clock());
        bool isNew = owner.Callbacks.IsNewOnLoop;
        if (owner.Callbacks.TryMoveToPool())
        {
            OnMovedToPool(owner, isNew, ran);
        }
    }

    /// <summary>A callback ran on the pool: after enough quick ones the connection goes to its loop.</summary>
    public void RecordOnPool(IMeasuredOwner owner, bool quick, TimeSpan ran)
    {
        bool onTrial = owner.Callbacks.IsOnTrial;
        if (onTrial && quick && Interlocked.Increment(ref _quickOnTrial) == QuickOnTrial)
        {
            Volatile.Write(ref _newSlowUntil, 0);
        }

        if (!quick)
        {
            Volatile.Write(ref _slowAt, Clock());
            if (owner.Callbacks.TryFailTrial())
            {
                OnMovedToPool(owner, isNew: true, ran);
            }
        }

        if (owner.Callbacks.TryMoveToLoop(quick, times.QuickCallbacks) && !onTrial)
        {
            counters.AddMoveToLoop();
            EpollTransportLog.MovedToLoop(logger, owner.ConnectionId, owner.Callbacks.Price(times.QuickCallbacks));
        }
    }

    /// <summary>A loop was taken over from a callback that held it up.</summary>
    public void OnTakenOver(string loop, IMeasuredOwner? owner, TimeSpan ran, int threadId)
    {
        counters.AddTakeOver();
        TransportEventSource.Log.OnTakenOver(loop, IdOf(owner), owner?.Description, threadId, ran);
        string description = owner?.Description ?? "no description";
        if (_takeOverWarnings.TryPass())
        {
            EpollTransportLog.TakenOver(logger, loop, IdOf(owner), description, threadId, ran.TotalMilliseconds);
        }
        else
        {
            EpollTransportLog.TakenOverAgain(logger, loop, IdOf(owner), description, threadId, ran.TotalMilliseconds);
        }

        if (owner is not null)
        {
            MoveToPool(owner, ran);
        }
    }

    /// <summary>A loop is about to be taken over from the callback of <paramref name="word"/>.</summary>
    public void OnTakingOver(EventLoop loop, long word)
        => counters.HeldUp.Add(loop.Counters.Index, word, loop.Lease.ThreadId, IdOf(loop.Lease.Owner), loop.Lease.Owner?.Description, loop.Lease.CallbackStart);

    /// <summary>That callback has returned, or kept its loop after all.</summary>
    public void OnReturned(int loop, long word) => counters.HeldUp.Remove(loop, word);

    /// <summary>A standby was lent to callbacks that the pool had left waiting.</summary>
    public void OnLent() => counters.AddLoan();

    /// <summary>The reserve is gone, for callbacks hold up all the other standbys, and has been for a while.</summary>
    public void OnStandbysExhausted() => EpollTransportLog.StandbysExhausted(logger, threads.MaxStandbys);

    /// <summary>The transport's own code holds up a loop, which no take-over can mend.</summary>
    public void OnStuck(string loop, TimeSpan since) => EpollTransportLog.LoopStuck(logger, loop, since.TotalSeconds);

    private void OnMovedToPool(IMeasuredOwner owner, bool isNew, TimeSpan ran)
    {
        if (isNew)
        {
            Volatile.Write(ref _quickOnTrial, 0);
            Volatile.Write(ref _newSlowUntil, Clock() + s_lately);
        }

        counters.AddMoveToPool();
        EpollTransportLog.MovedToPool(logger, owner.ConnectionId, ran.TotalMilliseconds);
    }

    private static string IdOf(IApplicationItemOwner? owner) => owner?.ConnectionId ?? "unknown";
}

using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// One epoll loop. A turn: wait for events, handle each, take what other threads left in the work queue, work through the run queue.
/// All state belongs to this object, never to a stack: whoever holds the lease can drive the next turn.
/// </summary>
/// <remarks>
/// A driver holds the lease: from start to end, or, where threads serve several loops, for a turn. While it runs the loop's own code it is in state running, and
/// <see cref="IsRunningHere"/> is true on its thread alone; during an application callback no thread is.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The driver closes both descriptors when the loop ends (Close).")]
internal sealed partial class EventLoop
{
    private const int MaxWorkPerTurn = 1024;

    private readonly Action<Exception> _onFault;
    private readonly Action<Exception?> _onEnd;
    private readonly EpollInstance _epoll;
    private readonly EventFd _wake;
    private readonly WorkQueue _work;
    private readonly int? _processor;
    private readonly Kernel _kernel;
    private readonly Action _drainWork;

    // Lease holder only.
    private readonly HandlerTable _handlers = new();
    private readonly RunQueue _run;
    private readonly PoolQueue _pool = new();
    private readonly ICallbackPolicy? _policy;
    private readonly EventPoller _poller;
    private bool _stopping;

    // Set before anybody drives it: what it waits in, if threads serve it together with others.
    private ReadyLoops? _ready;

    // Set by the first driver, or by whoever has it share its threads.
    private ulong? _wakeToken;

    // The lease holder writes when the loop has ended; others read after they enqueued.
    private volatile bool _closed;

    /// <summary><paramref name="onEnd"/> is called once, by the last driver: with an exception if the loop could not go on. Without <paramref name="policy"/> no callback is timed.</summary>
    public EventLoop(string name, Kernel kernel, SpinPolicy spin, int? processor, Action<Exception> onFault, Action<Exception?> onEnd, ICallbackPolicy? policy = null,
        LoopCounters? counters = null)
    {
        Name = name;
        _kernel = kernel;
        _processor = processor;
        _onFault = onFault;
        _onEnd = onEnd;
        Counters = counters ?? LoopCounters.After(null, 0);
        _epoll = new EpollInstance(kernel);
        try
        {
            _wake = new EventFd(kernel);
        }
        catch
        {
            _epoll.Dispose();
            throw;
        }

        _work = new WorkQueue(() => { Counters.Shared.OnWakeUp(); _wake.Signal(); });
        _poller = new EventPoller(_epoll, _work, Lease, spin, policy, Counters);
        _policy = policy;
        _run = new RunQueue(this, policy, onFault);
        _drainWork = DrainWork;
        Scheduler = new LoopScheduler((callback, state) => Post(callback, state));
        Probe = new LoopProbe(this, _handlers, _work, _run);
    }

    /// <summary>The name of the loop and of its thread: at most 15 characters, the kernel's limit (prctl(2), PR_SET_NAME).</summary>
    public string Name { get; }

    /// <summary>For whoever starts the loop: completed when it has come so far that it handles events, or with what keeps it from that. Its drivers say it.</summary>
    public TaskCompletionSource<Exception?> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Who drives the loop.</summary>
    public LoopLease Lease { get; } = new();

    /// <summary>What the loop counts.</summary>
    public LoopCounters Counters { get; }

    /// <summary>For observers.</summary>
    public LoopProbe Probe { get; }

    /// <summary>Runs loop items on this loop; for whatever touches a receiver.</summary>
    public LoopScheduler Scheduler { get; }

    /// <summary>The number of connections that belong to this loop. Any thread.</summary>
    public int ConnectionCount => Counters.Shared.Connections;

    /// <summary>Whether it handles nothing more. Any thread: a hint.</summary>
    public bool HasEnded => _closed;

    /// <summary>Whether the calling thread drives this loop and is in state running.</summary>
    public bool IsRunningHere => ReferenceEquals(LoopThread.Running, this);

    /// <summary>Whether the calling thread drives this loop, in any state: a hint.</summary>
    public bool IsDrivenHere => ReferenceEquals(LoopThread.Driven, this);

    /// <summary>Debug builds: the calling thread is the lease holder, in state running.</summary>
    [Conditional("DEBUG")]
    public void AssertRunningHere() => Debug.Assert(IsRunningHere || _closed, $"Only the holder of the lease of {Name} may do this.");

    /// <summary>Ends the loop after the turn that finds this. Any thread; once.</summary>
    public void Stop() => Post(static state => ((EventLoop)state!)._stopping = true, this);

    /// <summary>Registers a descriptor, edge-triggered. Lease holder only.</summary>
    public SysResult Register(int descriptor, IEventHandler handler, EpollEvents events, out ulong token)
    {
        AssertRunningHere();
        token = _handlers.Add(handler);
        SysResult result = _epoll.Add(descriptor, events, token);
        if (!result.IsOk)
        {
            _handlers.Remove(token);
        }

        return result;
    }

    /// <summary>Changes the events of a registered descriptor; the kernel reports at once what is ready. Any thread that keeps the descriptor open.</summary>
    public SysResult Modify(int descriptor, EpollEvents events, ulong token) => _epoll.Modify(descriptor, events, token);

    /// <summary>Takes a descriptor out of epoll before it is closed. Its handler's slot is freed by <see cref="Forget"/>. Any thread.</summary>
    public void Unregister(int descriptor) => _epoll.Remove(descriptor);

    /// <summary>Frees a handler's slot. Lease holder only.</summary>
    public void Forget(ulong token)
    {
        AssertRunningHere();
        if (!_closed)
        {
            _handlers.Remove(token);
        }
    }

    /// <summary>Queues an item: directly from the running loop, through the work queue from anywhere else. Any thread.</summary>
    public void Post(Action<object?> callback, object? state, IApplicationItemOwner? owner = null)
    {
        WorkItem item = new(callback, state, owner);
        if (IsRunningHere)
        {
            _run.Enqueue(item);
            return;
        }

        _work.Enqueue(item);
        if (_closed)
        {
            _work.DrainToPool(_onFault);
        }
    }

    /// <summary>Hands an application item to the pool: with the rest of the turn when the running loop does it, at once otherwise. Any thread.</summary>
    public void PostToPool(Action<object?> callback, object? state, IApplicationItemOwner owner)
    {
        WorkItem item = new(callback, state, owner);
        if (IsRunningHere)
        {
            Counters.OnCallbackToPool();
            _pool.Enqueue(item);
        }
        else
        {
            Counters.Shared.OnCallbackToPool();
            PoolItem.Queue(item, _onFault);
        }
    }

    /// <summary>Whether a foreign thread may send in place now, see <see cref="WorkQueue.TryActForSleeper"/>.</summary>
    public bool TryEnterSendInPlace() => _ready?.TryActForSleeper() ?? _work.TryActForSleeper();

    /// <summary>The lease was taken over from the former driver; the caller, who holds it now, hands the loop to a new one.</summary>
    public void OnTakenOver()
    {
        Counters.OnTakenOver(Stopwatch.GetTimestamp() - Lease.CallbackStart);
        _policy!.OnTakenOver(Lease.Owner, Lease.CallbackStart, othersWait: !_run.IsEmpty, Lease.ThreadId);
        if (_processor is not null && Lease.ThreadId != 0) // unknown without /proc; 0 would be the calling thread (sched_setaffinity(2))
        {
            _kernel.AllowAllProcessors(Lease.ThreadId); // the former driver must not compete with the new one for the loop's processor
        }
    }

    /// <summary>False when the lease was lost in it: then nothing more of the loop may be touched.</summary>
    private bool Turn()
    {
        Counters.OnTurn();
        foreach (ref readonly EpollEvent ready in _poller.Next(hasWork: !_run.IsEmpty))
        {
            _handlers.Dispatch(ready);
        }

        _handlers.EndBatch();
        _pool.Flush();
        DrainWork();
        if (!_run.RunTurn(_drainWork))
        {
            return false;
        }

        DrainWork();
        _pool.Flush();
        return true;
    }

    /// <summary>Takes what is in the work queue: loop items run at once, application items go to the run queue.</summary>
    private void DrainWork()
    {
        for (int i = 0; i < MaxWorkPerTurn && _work.TryDequeue(out WorkItem item); i++)
        {
            if (item.Owner is null)
            {
                item.RunForLoop(_onFault);
            }
            else
            {
                _run.Enqueue(item);
            }
        }
    }

    /// <summary>The loop has ended, or no thread could be started for it: the pool runs what was left for it. Lease holder only.</summary>
    public void Close()
    {
        _pool.Flush();
        Lease.Wait(); // an ended loop keeps no watchdog awake
        _closed = true;
        Interlocked.MemoryBarrier(); // pairs with the one in WorkQueue.Enqueue: the writer sees _closed, or this drain sees the item
        _work.LeaveSleep();
        _work.DrainToPool(_onFault);
        while (_run.TryDequeue(out WorkItem item))
        {
            PoolItem.Queue(item, _onFault);
        }

        _epoll.Dispose();
        _wake.Dispose();
    }
}

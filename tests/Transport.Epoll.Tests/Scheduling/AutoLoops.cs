using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>
/// A group of real loops in the Auto mode, whose watchdog ticks when the test says. The kernel tells of no lost processor time, unless the
/// test scripts it, the process seems to be busy and to compile nothing, and no callback is slow by the clock, unless the test's times say so.
/// </summary>
internal sealed class AutoLoops : IDisposable
{
    public static readonly AutoTimes Times = new(TimeSpan.FromMilliseconds(30), Waiting.Limit, 3, Waiting.Limit, MaxLent: 0);

    private readonly CapturingLoggerProvider _logs = new();
    private readonly EventLoopGroup _group;

    public AutoLoops(int loops = 1, int maxStandbys = 8, AutoTimes? times = null, int? processor = null, ThreadScript? script = null,
        SlowCallbackQueue? slowCallbacks = null, bool shared = false, ILogger? logger = null)
    {
        times ??= Times;
        Script = script ?? new ThreadScript();
        Carriers? carriers = shared ? new Carriers(new ReadyLoops(Kernel), loops, () => new SpinPolicy(0, 1)) : null;
        Threads = new DriverThreads(loops, maxStandbys, times.MaxLent, times.StandbyIdle, Script.CreateStarter(), carriers: carriers);
        Auto = new AutoScheduling(times, Threads, Kernel, Counters, logger ?? _logs.CreateLogger("Transport.Epoll"), slowCallbacks)
        {
            CompilationTime = () => CompilationTime,
            Clock = () => Stopwatch.GetTimestamp() + (long)(ClockAhead.TotalSeconds * Stopwatch.Frequency),
        };
        _group = new EventLoopGroup(loops,
            (i, onEnded) => new EventLoop($"epoll-loop-{i}", Kernel, new SpinPolicy(0, 1), processor, Faults.Enqueue, onEnded, new CallbackPolicy($"epoll-loop-{i}", i, Auto),
                Counters.NewLoop(i)), () => { },
            Threads, Auto.Alarm.Stop);
        LoopStates.Watch(_group);
        Watchdog = new LoopWatchdog(Auto, _group.Loops, () => IsBusy ? Stopwatch.GetElapsedTime(0) * Environment.ProcessorCount : TimeSpan.Zero);
    }

    public ScriptedKernel Kernel { get; } = new() { SchedStat = () => "0 0 0", Stat = "1 (epoll-loop-0) S 1" };

    /// <summary>Whether the process seems to use up its processors: then no standby is lent.</summary>
    public bool IsBusy { get; set; } = true;

    /// <summary>How long all threads seem to have compiled.</summary>
    public TimeSpan CompilationTime { get; set; }

    /// <summary>How far the clock of what is known of new connections is ahead.</summary>
    public TimeSpan ClockAhead { get; set; }

    /// <summary>How threads start.</summary>
    public ThreadScript Script { get; }

    public DriverThreads Threads { get; }

    public AutoScheduling Auto { get; }

    /// <summary>Not started.</summary>
    public LoopWatchdog Watchdog { get; }

    public SchedulingCounters Counters { get; } = new(null);

    public ConcurrentQueue<Exception> Faults { get; } = new();

    public IReadOnlyList<EventLoop> Loops => _group.Loops.ToArray();

    public EventLoop Loop => _group.Loops[0];

    public EventLoop Other => _group.Loops[1];

    /// <summary>What serves the loops, if they share their threads.</summary>
    public Carriers Carriers => Threads.Carriers!;

    public IEnumerable<int> LogIds => _logs.Records.Select(record => record.Id.Id);

    /// <summary>Runs a function as a loop item.</summary>
    public static Task<T> RunAsync<T>(EventLoop loop, Func<T> function)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(_ => done.SetResult(function()), null);
        return done.Task.WithTimeout();
    }

    /// <summary>Ticks three times: a callback that runs all the while is held for stalled.</summary>
    public void TickThrice()
    {
        for (int i = 0; i < 3; i++)
        {
            Watchdog.Tick();
        }
    }

    /// <summary>As the governor does; whether more come depends on the one that may be alone.</summary>
    public void SetCarriers(int wanted)
    {
        Carriers.Wanted = wanted;
        while (Carriers.Active < wanted && Carriers.TryAdd(Threads))
        {
        }
    }

    /// <summary>Returns when so many serve the loops.</summary>
    public Task UntilServingAsync(int carriers)
    {
        SetCarriers(carriers);
        return Waiting.UntilAsync(() =>
        {
            SetCarriers(carriers);
            Loop.Post(_ => { }, null);
            return Carriers.Active == carriers;
        });
    }

    public void Release() => _group.Release();

    public void Dispose()
    {
        _group.Release();
        Assert.Empty(Faults);
    }
}

/// <summary>Gives a loop something to do in each turn, for most of it, until it is disposed of.</summary>
internal sealed class BusyLoop : IDisposable
{
    private readonly EventLoop _loop;
    private volatile bool _ends;

    public BusyLoop(EventLoop loop)
    {
        _loop = loop;
        Again(null);
    }

    public void Dispose() => _ends = true;

    private void Again(object? state)
    {
        Thread.SpinWait(1000);
        if (!_ends)
        {
            _loop.Post(Again, null);
        }
    }
}

/// <summary>A callback that blocks its thread until the test lets it go.</summary>
internal sealed class BlockedCallback : IDisposable
{
    private readonly ManualResetEventSlim _gate = new();
    private readonly TaskCompletionSource<Thread> _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RecordingItemOwner Owner { get; init; } = new();

    /// <summary>Queues the callback and waits until it runs; the result is the thread that it blocks.</summary>
    public Task<Thread> StartAsync(EventLoop loop)
    {
        loop.Post(_ =>
        {
            _entered.SetResult(Thread.CurrentThread);
            _gate.Wait(Waiting.Limit);
            _left.SetResult();
        }, null, Owner);
        return _entered.Task.WithTimeout();
    }

    public Task EndAsync()
    {
        _gate.Set();
        return _left.Task.WithTimeout();
    }

    public void Dispose() => _gate.Set();
}

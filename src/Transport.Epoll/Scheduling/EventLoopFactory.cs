using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Scheduling;

/// <summary>Makes the loops of a group as the options say.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class EventLoopFactory
{
    /// <summary>So many standbys a group may have for each loop, and as many more as it may lend: one in reserve, the others in place of threads that callbacks hold up.</summary>
    public const int StandbysPerLoop = 8;

    /// <summary>Starts a group of loops.</summary>
    /// <param name="kernel">The system calls.</param>
    /// <param name="count">The number of loops.</param>
    /// <param name="spinMicroseconds">How long a loop may poll before it blocks.</param>
    /// <param name="affinity">The processors that the loops are bound to.</param>
    /// <param name="auto">The constants of the Auto mode; without them nothing watches the loops.</param>
    /// <param name="counters">What the loops count together.</param>
    /// <param name="logger">A logger that a loop thread may use.</param>
    /// <param name="onEnded">Called once, by whoever gave back the last reference; not if the group can't be started.</param>
    /// <param name="startThread">Starts a thread; a test's may fail.</param>
    public static EventLoopGroup CreateGroup(Kernel kernel, int count, int spinMicroseconds, IList<int>? affinity,
        AutoTimes? auto, SchedulingCounters counters, ILogger logger, Action onEnded, Action<Thread>? startThread = null)
    {
        bool[] isAllowed = new bool[Kernel.MaxProcessors];
        kernel.GetAffinity(isAllowed);
        int[] allowed = [.. Enumerable.Range(0, isAllowed.Length).Where(i => isAllowed[i])];
        int[] processors = affinity is null ? [] : [.. affinity];
        foreach (int processor in processors)
        {
            if (!isAllowed[processor])
            {
                throw new InvalidOperationException($"CpuAffinity names processor {processor}, which the process may not use; allowed are {string.Join(", ", allowed)}.");
            }
        }

        // Fewer processors than the kernel would let us use: a CPU quota, under which a spin takes time from the application.
        int usable = allowed.Length;
        int spinning = Environment.ProcessorCount < usable ? 0 : spinMicroseconds;
        WakeUpTime wakeUp = new();
        ThreadStarter starter = new(exception => EpollTransportLog.StandbyNotStarted(logger, exception.Message), startThread);
        Carriers? carriers = auto is not null && count > 1 && processors.Length == 0
            ? new Carriers(new ReadyLoops(kernel), count, CreateSpin) : null;
        DriverThreads threads = new(count, auto is null ? 0 : count * StandbysPerLoop, auto?.MaxLent ?? 0, auto?.StandbyIdle ?? TimeSpan.Zero, starter, counters, carriers);
        AutoScheduling? scheduling = auto is null ? null : new AutoScheduling(auto, threads, kernel, counters, logger);
        return new EventLoopGroup(count, CreateLoop, onEnded, threads, scheduling is null ? null : scheduling.Alarm.Stop, OnStarted) { Auto = scheduling };

        void OnStarted(EventLoop[] loops)
        {
            if (spinning > 0 && usable > 1)
            {
                wakeUp.Measure(loops[0].Lease, item => loops[0].Post(item, null));
            }

            if (scheduling is not null)
            {
                CarrierGovernor? governor = carriers is null ? null : new CarrierGovernor(scheduling, loops, new IdleProcessors(kernel));
                new LoopWatchdog(scheduling, loops, governor: governor).Start(starter);
            }
        }

        SpinPolicy CreateSpin() => new(spinning, usable, wakeUp);

        EventLoop CreateLoop(int i, Action<Exception?> onLoopEnded) => new($"epoll-loop-{i}", kernel, CreateSpin(),
            processors.Length == 0 ? null : processors[i % processors.Length], exception => EpollTransportLog.LoopItemFailed(logger, exception), onLoopEnded, scheduling is null ? null : new CallbackPolicy($"epoll-loop-{i}", i, scheduling), counters.NewLoop(i));
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.MicroBench.Support;

/// <summary>What the Auto mode needs, with the options' defaults.</summary>
internal static class AutoDefaults
{
    public static AutoTimes Times => new EpollTransportOptions().Auto.ToTimes();

    /// <summary>The shared part of one loop that no watchdog looks at.</summary>
    public static AutoScheduling Create(AutoTimes? times = null)
    {
        times ??= Times;
        return new AutoScheduling(times, new DriverThreads(1, EventLoopFactory.StandbysPerLoop, maxLent: 0, times.StandbyIdle), Kernel.Linux, new SchedulingCounters(null), NullLogger.Instance);
    }
}

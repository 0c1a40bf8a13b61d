using System.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// How many of the processors that the process may use did nothing, and no more than its quota leaves, which <see cref="Environment.ProcessorCount"/>
/// takes into account.
/// </summary>
/// <remarks>Watchdog only.</remarks>
internal sealed class IdleProcessors(Kernel kernel, Func<TimeSpan>? processorTime = null)
{
    private readonly Func<TimeSpan> _processorTime = processorTime ?? (static () => Environment.CpuUsage.TotalTime);
    private long _measuredAt;
    private TimeSpan _used;
    private ProcessorTimes _times;

    /// <summary>Since the last time it was asked.</summary>
    public double Measure()
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan used = _processorTime();
        ProcessorTimes times = ProcessorTimes.Read(kernel);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_measuredAt, now);
        ProcessorTimes since = times - _times;
        double quota = Environment.ProcessorCount - ((used - _used) / elapsed);
        double idle = since.All > TimeSpan.Zero ? since.Idle / elapsed : quota;
        (_measuredAt, _used, _times) = (now, used, times);
        return Math.Max(0, Math.Min(quota, idle));
    }
}

using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// How many of the processors that the process may use did nothing: what /proc/stat says (proc(5)) of those that it may run on (sched_getaffinity(2)), and
/// no more than its quota leaves, which <see cref="Environment.ProcessorCount"/> takes into account.
/// </summary>
/// <remarks>Watchdog only.</remarks>
internal sealed class IdleProcessors(Kernel kernel, Func<TimeSpan>? processorTime = null)
{
    private const int MaxText = 256 * 1024;
    private const int TicksPerSecond = 100; // USER_HZ on every Linux that .NET runs on

    private readonly Func<TimeSpan> _processorTime = processorTime ?? (static () => Environment.CpuUsage.TotalTime);
    private long _measuredAt;
    private TimeSpan _used;
    private long _idle;
    private long _all;

    /// <summary>Since the last time it was asked.</summary>
    public double Measure()
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan used = _processorTime();
        (long idle, long all) = Read();
        double seconds = Stopwatch.GetElapsedTime(_measuredAt, now).TotalSeconds;
        double quota = Environment.ProcessorCount - ((used - _used).TotalSeconds / seconds);
        double idleNow = all == _all ? quota : (double)(idle - _idle) / TicksPerSecond / seconds; // all zeros: a kernel that does not tell
        (_measuredAt, _used, _idle, _all) = (now, used, idle, all);
        return Math.Max(0, Math.Min(quota, idleNow));
    }

    /// <summary>Of the lines "cpu7 user nice system idle iowait …": the ticks in idle and iowait, and those in all columns.</summary>
    private (long Idle, long All) Read()
    {
        Span<bool> allowed = stackalloc bool[Kernel.MaxProcessors];
        kernel.GetAffinity(allowed);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxText);
        SysResult read = kernel.ReadFile("/proc/stat\0"u8, buffer);
        long idle = 0;
        long all = 0;
        ReadOnlySpan<byte> text = read.IsOk ? buffer.AsSpan(0, read.Value) : default;
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range];
            if (!line.StartsWith("cpu"u8))
            {
                break;
            }

            if (!Utf8Parser.TryParse(line[3..], out int processor, out int length) || processor >= allowed.Length || !allowed[processor])
            {
                continue; // the first line is of all
            }

            line = line[(3 + length)..];
            for (int column = 1; line.Length > 1 && Utf8Parser.TryParse(line[1..], out long ticks, out length); column++)
            {
                all += ticks;
                idle += column is 4 or 5 ? ticks : 0;
                line = line[(1 + length)..];
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return (idle, all);
    }
}

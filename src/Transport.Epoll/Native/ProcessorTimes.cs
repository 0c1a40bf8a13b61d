using System.Buffers;
using System.Buffers.Text;

namespace Transport.Epoll.Native;

/// <summary>What the kernel says that the processors which the calling thread may run on have done so far (/proc/stat, proc(5); sched_getaffinity(2)), summed up.</summary>
/// <param name="Idle">The time in the columns "idle" and "iowait".</param>
/// <param name="All">The time in all columns; zero under a kernel that does not tell.</param>
internal readonly record struct ProcessorTimes(TimeSpan Idle, TimeSpan All)
{
    private const int MaxText = 256 * 1024;
    private const int TicksPerSecond = 100; // USER_HZ on every Linux that .NET runs on

    public static ProcessorTimes operator -(ProcessorTimes later, ProcessorTimes earlier) => new(later.Idle - earlier.Idle, later.All - earlier.All);

    /// <summary>Until now.</summary>
    public static ProcessorTimes Read(Kernel kernel)
    {
        Span<bool> allowed = stackalloc bool[Kernel.MaxProcessors];
        kernel.GetAffinity(allowed);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxText);
        SysResult read = kernel.ReadFile("/proc/stat\0"u8, buffer);
        ProcessorTimes times = read.IsOk ? Sum(buffer.AsSpan(0, read.Value), allowed) : default;
        ArrayPool<byte>.Shared.Return(buffer);
        return times;
    }

    /// <summary>Of the lines "cpu7 user nice system idle iowait …"; the first one, without a number, is of all processors.</summary>
    private static ProcessorTimes Sum(ReadOnlySpan<byte> text, ReadOnlySpan<bool> allowed)
    {
        long idle = 0;
        long all = 0;
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range];
            if (!line.StartsWith("cpu"u8))
            {
                break;
            }

            if (!Utf8Parser.TryParse(line[3..], out int processor, out int length) || processor >= allowed.Length || !allowed[processor])
            {
                continue;
            }

            line = line[(3 + length)..];
            for (int column = 1; line.Length > 1 && Utf8Parser.TryParse(line[1..], out long ticks, out length); column++)
            {
                all += ticks;
                idle += column is 4 or 5 ? ticks : 0;
                line = line[(1 + length)..];
            }
        }

        return new ProcessorTimes(Time(idle), Time(all));
    }

    private static TimeSpan Time(long ticks) => TimeSpan.FromTicks(ticks * (TimeSpan.TicksPerSecond / TicksPerSecond));
}

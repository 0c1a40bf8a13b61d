using System.Globalization;
using System.Text.RegularExpressions;

namespace Transport.Epoll.Bench.Servers;

/// <summary>What the kernel says about a process (proc(5)). Any thread.</summary>
internal static partial class ProcFiles
{
    /// <summary>USER_HZ: 100 on every architecture that .NET runs on, so one tick is 10 ms.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of all threads, ended ones included, in seconds.</summary>
    public static double CpuSeconds(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");

        // Field 2, the name, is in brackets and may hold blanks; field 3 follows it. 14 is utime, 15 is stime.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Ticks(fields[14 - 3]) + Ticks(fields[15 - 3])) / TicksPerSecond;
    }

    /// <summary>How many open descriptors of each kind a process has; inode numbers are left out.</summary>
    public static SortedDictionary<string, int> Descriptors(int pid)
    {
        var kinds = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var link in new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos())
        {
            var target = link.LinkTarget ?? "closed meanwhile";
            var kind = target.StartsWith('/') ? "file" : InodeNumber().Replace(target, "");
            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        }

        return kinds;
    }

    [GeneratedRegex(@":\[\d+\]$")]
    private static partial Regex InodeNumber();

    private static long Ticks(string field) => long.Parse(field, CultureInfo.InvariantCulture);
}

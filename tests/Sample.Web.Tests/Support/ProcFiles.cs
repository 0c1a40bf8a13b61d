using System.Globalization;

namespace Sample.Web.Tests.Support;

/// <summary>What <c>/proc</c> (proc(5)) tells about a process.</summary>
internal static class ProcFiles
{
    public const double TicksPerSecond = 100; // sysconf(_SC_CLK_TCK) on every Linux that .NET runs on

    /// <summary>User and system time, in seconds.</summary>
    public static double CpuSeconds(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");

        // The second field, the name, may hold blanks; the third follows its bracket.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>What processor 0 has done so far, in seconds, by whomever, and what the machine below took from it.</summary>
    public static double BusySecondsOfFirstProcessor()
    {
        var fields = File.ReadLines("/proc/stat").Single(line => line.StartsWith("cpu0 ", StringComparison.Ordinal)).Split(' ');
        int[] idle = [4, 5]; // idle and waiting for a disk; guest time, after the eighth, is in user time already
        return Enumerable.Range(1, 8).Except(idle).Sum(i => long.Parse(fields[i], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    public static int Descriptors(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count();

    /// <summary>The threads whose name starts so.</summary>
    public static Dictionary<int, string> Threads(int process, string prefix)
    {
        return Directory.EnumerateDirectories($"/proc/{process}/task")
            .ToDictionary(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), folder => File.ReadAllText(Path.Combine(folder, "comm")).TrimEnd())
            .Where(thread => thread.Value.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary();
    }
}

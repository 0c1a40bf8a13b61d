using System.Globalization;
using System.Text.RegularExpressions;

namespace Transport.Epoll.Bench.Servers;

/// <summary>What the kernel says about processes (proc(5)). Any thread.</summary>
internal static partial class ProcFiles
{
    /// <summary>What processes have used so far, all of them together.</summary>
    public static Usage UsageOf(IEnumerable<int> processes)
    {
        var sum = new Usage(0, 0, 0, 0);
        foreach (var process in processes)
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");

            // Field 2, the name, is in brackets and may hold blanks; field 3 follows it. 14 is utime, 15 is stime, ended threads included. Both are ticks
            // of 10 ms, so they only divide what the CPU clock says; that is how the kernel itself makes them (cputime_adjust).
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var (user, system) = (Ticks(fields[14 - 3]), Ticks(fields[15 - 3]));
            var cpu = CpuClock.SecondsOf(process);
            var userSeconds = user + system == 0 ? 0 : cpu * user / (user + system);
            sum += new Usage(userSeconds, cpu - userSeconds, VoluntarySwitches(process), ResidentBytes(process));
        }

        return sum;
    }

    /// <summary>A process and all its descendants.</summary>
    public static IEnumerable<int> Tree(int process)
    {
        yield return process;
        foreach (var task in Tasks(process))
        {
            foreach (var child in Read($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                foreach (var descendant in Tree(int.Parse(child, CultureInfo.InvariantCulture)))
                {
                    yield return descendant;
                }
            }
        }
    }

    /// <summary>How many open descriptors of each kind a process has; inode numbers are left out.</summary>
    public static SortedDictionary<string, int> Descriptors(int process)
    {
        var kinds = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var link in new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos())
        {
            var target = link.LinkTarget ?? "closed meanwhile";
            var kind = target.StartsWith('/') ? "file" : InodeNumber().Replace(target, "");
            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        }

        return kinds;
    }

    /// <summary>The threads whose names begin with one of <paramref name="names"/>, and all their context switches so far.</summary>
    public static (int Threads, long Switches) Named(int process, string[] names)
    {
        var threads = Tasks(process)
            .Select(task => Read($"{task}/status"))
            .Where(status => names.Any(name => status.StartsWith($"Name:\t{name}", StringComparison.Ordinal)))
            .ToList();
        return threads.Count > 0
            ? (threads.Count, threads.Sum(status => Number(status, "voluntary_ctxt_switches:") + Number(status, "nonvoluntary_ctxt_switches:")))
            : throw new BenchException($"No thread of process {process} is named {string.Join(" or ", names)}.");
    }

    private static IEnumerable<string> Tasks(int process) => Directory.EnumerateDirectories($"/proc/{process}/task");

    /// <summary>How often the threads that are there now gave up their processor because they had to wait.</summary>
    private static long VoluntarySwitches(int process) => Tasks(process).Sum(task => Number(Read($"{task}/status"), "voluntary_ctxt_switches:"));

    private static long ResidentBytes(int process) => Number(Read($"/proc/{process}/status"), "VmRSS:") * 1024;

    private static long Number(string text, string key)
    {
        var line = text.Split('\n').FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    /// <summary>Nothing, when the thread has ended meanwhile.</summary>
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static double Ticks(string field) => long.Parse(field, CultureInfo.InvariantCulture);

    [GeneratedRegex(@":\[\d+\]$")]
    private static partial Regex InodeNumber();
}

using System.Globalization;

namespace Sample.Web.Tests.Support;

/// <summary>What the threads of a process are doing, for the message of a wait that was in vain: /proc/PID/task/TID (proc(5)).</summary>
internal static class ThreadStates
{
    private const string Compiler = ".NET Tiered";

    /// <summary>One line a thread: its number, name, state, the system call that it is in, and its processor time.</summary>
    public static string Dump(int process)
    {
        try
        {
            return string.Join('\n', Directory.EnumerateDirectories($"/proc/{process}/task").Select(Describe));
        }
        catch (DirectoryNotFoundException)
        {
            return $"process {process} has ended";
        }
    }

    /// <summary>User and system time of the threads that run the transport and the app, in seconds: not of the one that compiles in the background.</summary>
    public static double CpuSeconds(int process)
    {
        return Directory.EnumerateDirectories($"/proc/{process}/task").Select(task => Parse(Read(task, "stat")))
            .Where(thread => !thread.Name.StartsWith(Compiler, StringComparison.Ordinal)).Sum(thread => thread.Ticks) / ProcFiles.TicksPerSecond;
    }

    private static string Describe(string task)
    {
        var (name, state, ticks) = Parse(Read(task, "stat"));
        return $"{Path.GetFileName(task)} {name}: {state}, in {Read(task, "wchan")}, call {Read(task, "syscall").Split(' ')[0]}, {ticks} ticks";
    }

    /// <summary>Name, state and processor time of a line "123 (name) S 1 …"; a thread that has ended has none.</summary>
    private static (string Name, string State, long Ticks) Parse(string stat)
    {
        var end = stat.LastIndexOf(')');
        if (end < 0)
        {
            return ("?", "ended", 0);
        }

        var fields = stat[(end + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return (stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end], fields[0], ticks);
    }

    private static string Read(string task, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, file)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "?"; // it ended meanwhile, or only root may know
        }
    }
}

using System.Globalization;

namespace Transport.Epoll.Reliability.Servers;

/// <summary>What the threads of the event loops are doing, for the message of a wait that did not end (proc(5)).</summary>
internal static class ThreadStates
{
    private const string LoopPrefix = "epoll-";

    /// <summary>Each loop thread with its state (R runs, S sleeps), the system call that it is in, and its processor time.</summary>
    public static string Describe(int process)
    {
        try
        {
            var threads = Directory.EnumerateDirectories($"/proc/{process}/task").Select(DescribeThread).OfType<string>().ToList();
            return threads.Count == 0 ? "It has no loop threads." : $"Its loops: {string.Join("; ", threads)}.";
        }
        catch (IOException)
        {
            return "The process is gone.";
        }
    }

    private static string? DescribeThread(string folder)
    {
        try
        {
            var name = File.ReadAllText($"{folder}/comm").Trim();
            if (!name.StartsWith(LoopPrefix, StringComparison.Ordinal))
            {
                return null;
            }

            var stat = File.ReadAllText($"{folder}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = long.Parse(fields[14 - 3], CultureInfo.InvariantCulture) + long.Parse(fields[15 - 3], CultureInfo.InvariantCulture);
            return $"{name} {fields[0]}, system call {SystemCall(folder)}, {ticks} ticks";
        }
        catch (IOException)
        {
            return null; // the thread ended meanwhile
        }
    }

    /// <summary>"running", or the number of the call and its arguments.</summary>
    private static string SystemCall(string folder)
    {
        try
        {
            return File.ReadAllText($"{folder}/syscall").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unknown"; // ptrace(2) rights are needed to see it
        }
    }
}

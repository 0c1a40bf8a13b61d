using System.Runtime.InteropServices;

namespace Transport.Epoll.Bench.Servers;

/// <summary>
/// The CPU time of a process in nanoseconds (clock_getcpuclockid(3)). <c>/proc/PID/stat</c> has the same time in steps of 10 ms; <c>/proc/PID/schedstat</c>
/// in nanoseconds, too, but of the first thread only, and those of the others go with the threads. Here ended threads are counted on. What a thread has used
/// since the last tick of its processor may be missing while it runs. Any thread.
/// </summary>
internal static class CpuClock
{
    /// <summary>User and system time of all threads that a process has and had, in seconds.</summary>
    public static double SecondsOf(int process)
    {
        var error = GetClock(process, out var clock);
        if (error == 0)
        {
            error = GetTime(clock, out var time) == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error == 0)
            {
                return time.Seconds + (time.Nanoseconds / 1e9);
            }
        }

        throw new BenchException($"The CPU clock of process {process} can't be read: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    /// <summary>Returns the error instead of leaving it in errno.</summary>
    [DllImport("libc", EntryPoint = "clock_getcpuclockid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetClock(int process, out int clock);

    [DllImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetTime(int clock, out Time time);

    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}

using System.Buffers.Text;
using System.Globalization;
using System.Text.Unicode;

namespace Transport.Epoll.Native;

/// <summary>What the kernel knows of a thread's time: on a processor, and runnable without one (/proc/PID/task/TID/schedstat, proc(5)).</summary>
internal readonly record struct ThreadTimes(TimeSpan Processor, TimeSpan RunDelay);

/// <summary>A thread as /proc shows it.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class LinuxThread
{
    /// <summary>The kernel's id of the calling thread (gettid(2)): the last part of where /proc/thread-self points. 0 without /proc.</summary>
    public static int CurrentId()
    {
        string? link = null;
        try
        {
            link = new FileInfo("/proc/thread-self").LinkTarget;
        }
        catch (IOException)
        {
            // No /proc, or no descriptor: times are then unknown, which excuses nothing.
        }

        return link is not null && int.TryParse(Path.GetFileName(link), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0;
    }

    /// <summary>A thread's times so far; zeros for one that has ended or where the kernel keeps none. It allocates nothing.</summary>
    public static ThreadTimes Times(Kernel kernel, int threadId)
    {
        Span<byte> path = stackalloc byte[48];
        if (!Utf8.TryWrite(path, CultureInfo.InvariantCulture, $"/proc/self/task/{threadId}/schedstat\0", out int length))
        {
            return default;
        }

        Span<byte> text = stackalloc byte[64];
        SysResult read = kernel.ReadFile(path[..length], text);
        if (!read.IsOk)
        {
            return default;
        }

        // Nanoseconds: "on a processor", "runnable", and a count.
        text = text[..read.Value];
        return Utf8Parser.TryParse(text, out long processor, out int used)
            && used < text.Length
            && Utf8Parser.TryParse(text[(used + 1)..], out long runDelay, out _)
            ? new ThreadTimes(TimeSpan.FromTicks(processor / 100), TimeSpan.FromTicks(runDelay / 100))
            : default;
    }
}

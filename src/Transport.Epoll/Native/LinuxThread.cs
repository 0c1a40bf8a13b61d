using System.Buffers.Text;
using System.Globalization;
using System.Text.Unicode;

namespace Transport.Epoll.Native;

/// <summary>
/// What the kernel knows of a thread's time: on a processor, and runnable without one (/proc/PID/task/TID/schedstat, proc(5)). A wait for a
/// processor is added when it ends, so a thread that waits right now looks as if it slept; <see cref="LinuxThread.IsRunnable"/> tells.
/// </summary>
internal readonly record struct ThreadTimes(TimeSpan Processor, TimeSpan RunDelay)
{
    public static ThreadTimes operator -(ThreadTimes later, ThreadTimes earlier) => new(later.Processor - earlier.Processor, later.RunDelay - earlier.RunDelay);
}

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
        // Nanoseconds: "on a processor", "runnable", and a count.
        Span<byte> buffer = stackalloc byte[64];
        ReadOnlySpan<byte> text = Read(kernel, threadId, "schedstat"u8, buffer);
        return Utf8Parser.TryParse(text, out long processor, out int used)
            && used < text.Length
            && Utf8Parser.TryParse(text[(used + 1)..], out long runDelay, out _)
            ? new ThreadTimes(TimeSpan.FromTicks(processor / 100), TimeSpan.FromTicks(runDelay / 100))
            : default;
    }

    /// <summary>Whether a thread runs or waits for a processor, rather than for anything else (the state in /proc/PID/task/TID/stat, proc(5)). It allocates nothing.</summary>
    public static bool IsRunnable(Kernel kernel, int threadId)
    {
        // "id (name) state": the name, of at most 15 bytes, may hold brackets and blanks itself.
        Span<byte> buffer = stackalloc byte[48];
        ReadOnlySpan<byte> text = Read(kernel, threadId, "stat"u8, buffer);
        int state = text.LastIndexOf((byte)')') + 2;
        return state >= 2 && state < text.Length && text[state] == (byte)'R';
    }

    /// <summary>The beginning of a file about a thread; empty if it can't be read.</summary>
    private static ReadOnlySpan<byte> Read(Kernel kernel, int threadId, ReadOnlySpan<byte> file, Span<byte> buffer)
    {
        Span<byte> path = stackalloc byte[48];
        if (!Utf8.TryWrite(path, CultureInfo.InvariantCulture, $"/proc/self/task/{threadId}/", out int length))
        {
            return default;
        }

        file.CopyTo(path[length..]);
        path[length + file.Length] = 0;
        SysResult read = kernel.ReadFile(path[..(length + file.Length + 1)], buffer);
        return read.IsOk ? buffer[..read.Value] : default;
    }
}

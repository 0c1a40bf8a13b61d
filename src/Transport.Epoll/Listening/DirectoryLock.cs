using System.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>A lock on a directory, held for some system calls against other servers that start in it (flock(2)). It leaves no file behind.</summary>
/// <remarks>One thread.</remarks>
internal sealed class DirectoryLock : IDisposable
{
    /// <summary>Far longer than a server holds it; a stranger that holds it for good must not hold up a start.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Kernel _kernel;
    private readonly FileDescriptor _directory;

    private DirectoryLock(Kernel kernel, FileDescriptor directory)
    {
        _kernel = kernel;
        _directory = directory;
    }

    /// <summary>Takes the lock, waiting for others; <see langword="null"/> if it can't be had.</summary>
    public static DirectoryLock? TryTake(Kernel kernel, string path)
    {
        SysResult opened = kernel.OpenDirectory(path);
        if (!opened.IsOk)
        {
            return null;
        }

        FileDescriptor directory = new(kernel, opened.Value);
        long start = Stopwatch.GetTimestamp();
        SysResult locked = kernel.TryLock(directory.Number);
        while ((locked.IsWouldBlock || locked.IsInterrupted) && Stopwatch.GetElapsedTime(start) < s_patience)
        {
            Thread.Sleep(1);
            locked = kernel.TryLock(directory.Number);
        }

        if (locked.IsOk)
        {
            return new DirectoryLock(kernel, directory);
        }

        directory.Dispose();
        return null;
    }

    public void Dispose()
    {
        _kernel.Unlock(_directory.Number);
        _directory.Dispose();
    }
}

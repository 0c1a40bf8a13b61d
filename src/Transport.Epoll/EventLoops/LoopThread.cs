using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>What the calling thread is to the loops.</summary>
/// <remarks>Thread-static: each thread writes and reads its own.</remarks>
internal static class LoopThread
{
    [ThreadStatic]
    private static EventLoop? t_running;

    [ThreadStatic]
    private static EventLoop? t_driven;

    [ThreadStatic]
    private static long t_sending;

    // Plus one: 0 while it was not asked for.
    [ThreadStatic]
    private static int t_id;

    /// <summary>The loop whose own code this thread runs; <see langword="null"/> during an application callback.</summary>
    public static EventLoop? Running
    {
        get => t_running;
        set => t_running = value;
    }

    /// <summary>The loop that this thread drives, or drove until it was taken over: a hint, which callbacks may read too.</summary>
    public static EventLoop? Driven
    {
        get => t_driven;
        set => t_driven = value;
    }

    /// <summary>The kernel's id of this thread (gettid(2)); 0 without /proc.</summary>
    public static int Id => (t_id != 0 ? t_id : t_id = LinuxThread.CurrentId() + 1) - 1;

    /// <summary>
    /// How long this thread has been sending from within application callbacks, in ticks of <see cref="System.Diagnostics.Stopwatch"/>: the
    /// transport's time, not the callbacks'.
    /// </summary>
    public static long Sending
    {
        get => t_sending;
        set => t_sending = value;
    }
}

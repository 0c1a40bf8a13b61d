using System.Runtime.ExceptionServices;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Takes off a thread the interruption (<see cref="Thread.Interrupt"/>) that a callback has left on it, or that came too late for it: it would show in the next callback's
/// locks. To ask costs a wait of some 0.2 µs, so it is asked only in a process that was seen to interrupt threads.
/// </summary>
/// <remarks>The thread that ran the callback.</remarks>
internal static class PendingInterruption
{
    // Whoever meets an interruption writes it, once; all read it.
    private static volatile bool s_isSeen;

    private static int s_watches;

    /// <summary>Looks out for interruptions of any thread, for good. Any thread, as often as it likes.</summary>
    public static void Watch()
    {
        if (Interlocked.Exchange(ref s_watches, 1) == 0)
        {
            AppDomain.CurrentDomain.FirstChanceException += OnException;
        }
    }

    public static void TakeOff()
    {
        if (!s_isSeen)
        {
            return;
        }

        try
        {
            Thread.CurrentThread.Join(0); // a wait without a lock, a signal or a time
        }
        catch (ThreadInterruptedException)
        {
        }
    }

    private static void OnException(object? sender, FirstChanceExceptionEventArgs thrown)
    {
        if (thrown.Exception is ThreadInterruptedException)
        {
            s_isSeen = true;
        }
    }
}

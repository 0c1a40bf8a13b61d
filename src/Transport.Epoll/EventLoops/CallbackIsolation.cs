namespace Transport.Epoll.EventLoops;

/// <summary>
/// Takes away what application code left on a thread, as the thread pool does between its work items: execution context (with it
/// AsyncLocal values, Activity.Current and the culture, which are AsyncLocals), synchronization context, priority, name, and whether the process
/// waits for the thread (<see cref="Thread.IsBackground"/>).
/// </summary>
/// <remarks>The thread that ran the callback.</remarks>
internal static class CallbackIsolation
{
    // The context of a thread that nothing has flowed to: the same object everywhere, whoever captures it. Any thread that drives a loop writes it, always
    // that object.
    private static ExecutionContext? s_clean;

    /// <summary>A thread that was started without an execution context begins, before any application code.</summary>
    public static void OnNewThread()
    {
        s_clean ??= ExecutionContext.Capture();
        PendingInterruption.Watch();
    }

    /// <summary>A callback has returned. Some thread has begun by <see cref="OnNewThread"/> before.</summary>
    /// <param name="name">The thread's name.</param>
    public static void Restore(string? name)
    {
        ExecutionContext? current = ExecutionContext.Capture();
        if (!ReferenceEquals(current, s_clean))
        {
            if (current is null)
            {
                ExecutionContext.RestoreFlow();
            }

            ExecutionContext.Restore(s_clean!);
        }

        if (SynchronizationContext.Current is not null)
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }

        Thread thread = Thread.CurrentThread;
        if (thread.Priority != ThreadPriority.Normal)
        {
            thread.Priority = ThreadPriority.Normal;
        }

        if (!thread.IsBackground)
        {
            thread.IsBackground = true;
        }

        if (thread.Name != name)
        {
            thread.Name = name;
        }
    }
}

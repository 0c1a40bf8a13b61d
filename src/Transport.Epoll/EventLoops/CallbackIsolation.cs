namespace Transport.Epoll.EventLoops;

/// <summary>
/// Takes away what application code left on a loop thread, as the thread pool does between its work items: execution context (with it
/// AsyncLocal values, Activity.Current and the culture, which are AsyncLocals), synchronization context and priority.
/// </summary>
/// <remarks>The thread that ran the callback.</remarks>
internal static class CallbackIsolation
{
    // The context of a thread that nothing has flowed to. A captured default context is the same object everywhere.
    private static readonly ExecutionContext? s_clean = CaptureClean();

    public static void Restore()
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
    }

    private static ExecutionContext? CaptureClean()
    {
        ExecutionContext? clean = null;
        Thread thread = new(() => clean = ExecutionContext.Capture()) { IsBackground = true, Name = "epoll-clean" };
        thread.UnsafeStart();
        thread.Join();
        return clean;
    }
}

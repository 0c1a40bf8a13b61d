namespace Transport.Epoll.Listening;

/// <summary>
/// Work and timers without the caller's execution context: what its AsyncLocals hold (a request's services, a tenant, an activity) must not live as long as a listener.
/// </summary>
/// <remarks>Any thread: no state.</remarks>
internal static class Detached
{
    /// <summary>On a thread of its own; on the pool if none can be had.</summary>
    public static Task RunOnThread(Action action)
    {
        using (Suppress())
        {
            try
            {
                return Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            catch (TaskSchedulerException)
            {
                return Task.Run(action);
            }
        }
    }

    public static Timer Timer(TimerCallback callback, object state, TimeSpan due)
    {
        using (Suppress())
        {
            return new Timer(given => Run(callback, given), state, due, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>An interruption that application code left on the pool's thread shows once, in the first lock; it must cost neither the retry nor the process.</summary>
    private static void Run(TimerCallback callback, object? state)
    {
        try
        {
            callback(state);
        }
        catch (ThreadInterruptedException)
        {
            callback(state);
        }
    }

    /// <summary>Undone on the same thread; <see langword="null"/> where the flow is suppressed already.</summary>
    private static AsyncFlowControl? Suppress() => ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
}

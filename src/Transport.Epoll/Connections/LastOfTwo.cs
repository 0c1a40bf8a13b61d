namespace Transport.Epoll.Connections;

/// <summary>
/// Two parties finish, in any order; whoever asks gets a task that ends when both have. The task is made when somebody asks: an idle connection
/// holds none.
/// </summary>
/// <remarks>Any thread. A mutable struct: a field of its owner, made with <c>new()</c>, never copied.</remarks>
internal struct LastOfTwo()
{
    private int _left = 2;

    // Made by the first who asks.
    private TaskCompletionSource? _finished;

    /// <summary>One of the two has finished.</summary>
    public void OnFinished()
    {
        if (Interlocked.Decrement(ref _left) == 0) // a fence: whoever asks sees it, or is seen here
        {
            Volatile.Read(ref _finished)?.TrySetResult();
        }
    }

    /// <summary>Ends when both have finished; whoever waits goes on elsewhere, not in <see cref="OnFinished"/>.</summary>
    public Task WaitAsync()
    {
        TaskCompletionSource mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource finished = Interlocked.CompareExchange(ref _finished, mine, null) ?? mine; // the other fence
        if (Volatile.Read(ref _left) == 0)
        {
            finished.TrySetResult();
        }

        return finished.Task;
    }
}

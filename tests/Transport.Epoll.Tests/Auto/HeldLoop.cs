using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto;

/// <summary>
/// A place in user code that holds up the loop until the test lets it go on. On other threads it lets pass: a connection may be served off
/// its loop, as at its start, and then blocks nobody.
/// </summary>
internal sealed class HeldLoop : IDisposable
{
    private const int MaxTries = 20;

    private readonly bool _anyThread;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Gate _entered = new();

    /// <summary>With <paramref name="anyThread"/> it holds up pool threads as well: for transports whose threads run no user code.</summary>
    public HeldLoop(bool anyThread = false) => _anyThread = anyThread;

    public bool IsReleased => _released.Task.IsCompleted;

    /// <summary>In a handler.</summary>
    public void Pass()
    {
        if (_anyThread || Thread.CurrentThread.Name?.StartsWith("epoll-loop-", StringComparison.Ordinal) == true)
        {
            _entered.Open();
            _released.Task.Wait(3 * Waiting.Limit);
        }
    }

    /// <summary>Asks until the handler is held up, and returns what it still has to answer.</summary>
    public async Task<Task> HoldUpAsync(Func<Task> ask)
    {
        for (var i = 0; i < MaxTries; i++)
        {
            var answer = ask();
            await Task.WhenAny(answer, _entered.PassAsync());
            if (_entered.IsOpen)
            {
                return answer;
            }

            await answer;
        }

        throw new InvalidOperationException("No handler ran on the loop.");
    }

    public void Release() => _released.TrySetResult();

    public void Dispose() => Release();
}

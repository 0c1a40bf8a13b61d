using System.Diagnostics;

namespace Transport.Epoll.Reliability;

/// <summary>A wait whose time is over; the message says what the server was doing then.</summary>
internal sealed class WaitException(string message) : Exception(message);

/// <summary>Waits for what can only be looked at, never longer than a limit.</summary>
internal static class Waiting
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Gives what is done a token that the limit cancels too; the limit then says so.</summary>
    /// <param name="work">What is done.</param>
    /// <param name="what">The same in words.</param>
    /// <param name="state">What to tell when it does not end.</param>
    /// <param name="cancellation">Breaks it off.</param>
    /// <param name="limit">The longest wait, if not <see cref="Limit"/>.</param>
    public static async Task<T> WithinLimitAsync<T>(Func<CancellationToken, Task<T>> work, string what, Func<string> state, CancellationToken cancellation, TimeSpan? limit = null)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        both.CancelAfter(limit ?? Limit);
        try
        {
            return await work(both.Token);
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new WaitException($"{what}: not within {(limit ?? Limit).TotalSeconds} s. {state()}");
        }
    }

    /// <summary>The same for what has no result.</summary>
    public static Task WithinLimitAsync(Func<CancellationToken, Task> work, string what, Func<string> state, CancellationToken cancellation, TimeSpan? limit = null)
    {
        return WithinLimitAsync(DoAsync, what, state, cancellation, limit);

        async Task<bool> DoAsync(CancellationToken stop)
        {
            await work(stop);
            return true;
        }
    }

    /// <param name="condition">What is waited for.</param>
    /// <param name="what">The same in words.</param>
    /// <param name="state">What to tell when it does not come.</param>
    /// <param name="cancellation">Breaks the wait off.</param>
    /// <param name="limit">The longest wait, if not <see cref="Limit"/>.</param>
    public static async Task UntilAsync(Func<bool> condition, string what, Func<string> state, CancellationToken cancellation, TimeSpan? limit = null)
    {
        for (var clock = Stopwatch.StartNew(); !condition();)
        {
            if (clock.Elapsed > (limit ?? Limit))
            {
                throw new WaitException($"{what}: not within {(limit ?? Limit).TotalSeconds} s. {state()}");
            }

            await Task.Delay(s_pollInterval, cancellation);
        }
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Transport.Epoll.Tests.Support;

/// <summary>Every wait of a test goes through here, so that none is without a limit.</summary>
internal static class Waiting
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    public static Task WithTimeout(this Task task, TimeSpan? limit = null) => task.WaitAsync(limit ?? Limit);

    public static Task<T> WithTimeout<T>(this Task<T> task, TimeSpan? limit = null) => task.WaitAsync(limit ?? Limit);

    public static Task WithTimeout(this ValueTask task, TimeSpan? limit = null) => task.AsTask().WaitAsync(limit ?? Limit);

    public static Task<T> WithTimeout<T>(this ValueTask<T> task, TimeSpan? limit = null) => task.AsTask().WaitAsync(limit ?? Limit);

    /// <summary>Waits until the token is cancelled.</summary>
    public static async Task WithTimeout(this CancellationToken token)
    {
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = token.Register(fired.SetResult);
        await fired.Task.WithTimeout();
    }

    /// <summary>The one poll: for conditions that nothing announces, such as a count in /proc.</summary>
    public static async Task UntilAsync(
        Func<bool> condition,
        TimeSpan? limit = null,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < (limit ?? Limit), $"Not true in time: {what}");
            await Task.Delay(PollInterval);
        }
    }
}

/// <summary>A point at which a test holds the code under test until it lets it go on.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsOpen => _opened.Task.IsCompleted;

    public void Open() => _opened.TrySetResult();

    public Task PassAsync() => _opened.Task.WithTimeout();
}

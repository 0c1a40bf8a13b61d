using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Transport.Epoll.Tests.Support;

/// <summary>Every wait of a test goes through here, so that none is without a limit.</summary>
internal static class Waiting
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>The time in which whoever is not stopped gets on.</summary>
    private static readonly TimeSpan StillFor = TimeSpan.FromMilliseconds(200);

    public static Task WithTimeout(this Task task, TimeSpan? limit = null) => task.IsCompleted ? task : OrDumpAsync(task, limit ?? Limit);

    public static Task<T> WithTimeout<T>(this Task<T> task, TimeSpan? limit = null) => task.IsCompleted ? task : OrDumpAsync(task, limit ?? Limit);

    public static Task WithTimeout(this ValueTask task, TimeSpan? limit = null) => task.AsTask().WithTimeout(limit);

    public static Task<T> WithTimeout<T>(this ValueTask<T> task, TimeSpan? limit = null) => task.AsTask().WithTimeout(limit);

    /// <summary>Waits until the token is cancelled.</summary>
    public static async Task WithTimeout(this CancellationToken token)
    {
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = token.Register(fired.SetResult);
        await fired.Task.WithTimeout();
    }

    /// <summary>Blocks until the thread has ended.</summary>
    public static void JoinWithTimeout(this Thread thread) => PassOrDump(thread.Join(Limit), $"The thread {thread.Name} has not ended.");

    /// <summary>Blocks until the signal is set.</summary>
    public static void WaitWithTimeout(this ManualResetEventSlim signal) => PassOrDump(signal.Wait(Limit), "There was no signal.");

    /// <summary>Blocks until all have signalled.</summary>
    public static void WaitWithTimeout(this CountdownEvent signals, TimeSpan? limit = null)
    {
        var passed = signals.Wait(limit ?? Limit);
        PassOrDump(passed, $"{signals.CurrentCount} of {signals.InitialCount} signals are missing.");
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
            if (clock.Elapsed > (limit ?? Limit))
            {
                Assert.Fail($"Not true in time: {what}\n{LoopStates.Dump()}");
            }

            await Task.Delay(PollInterval);
        }
    }

    /// <summary>Waits until a count of what somebody does goes on no more, and is not where it began, at zero.</summary>
    public static async Task<long> UntilStillAsync(Func<long> count)
    {
        var seen = 0L;
        var clock = Stopwatch.StartNew();
        for (var before = -1L; seen == 0 || seen != before; before = seen, seen = count())
        {
            Assert.True(clock.Elapsed < Limit, $"It goes on, or has not begun: {seen}\n{LoopStates.Dump()}");
            await Task.Delay(StillFor);
        }

        return seen;
    }

    private static void PassOrDump(bool passed, string otherwise)
    {
        if (!passed)
        {
            Assert.Fail($"{otherwise}\n{LoopStates.Dump()}");
        }
    }

    private static async Task<T> OrDumpAsync<T>(Task<T> task, TimeSpan limit)
    {
        await OrDumpAsync((Task)task, limit).ConfigureAwait(false);
        return await task.ConfigureAwait(false);
    }

    private static async Task OrDumpAsync(Task task, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit).ConfigureAwait(false);
        }
        catch (TimeoutException exception) when (!task.IsCompleted)
        {
            throw new TimeoutException($"{exception.Message}\n{LoopStates.Dump()}", exception);
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

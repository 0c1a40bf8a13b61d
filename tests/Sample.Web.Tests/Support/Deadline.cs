using System.Diagnostics;

namespace Sample.Web.Tests.Support;

/// <summary>The bounds of every wait; none is reached unless something is wrong, and then the message tells what the samples were doing.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Short = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(20);

    public static Task WithTimeout(this Task task, TimeSpan limit) => task.IsCompleted ? task : OrDumpAsync(task, limit);

    public static async Task<T> WithTimeout<T>(this Task<T> task, TimeSpan limit)
    {
        await ((Task)task).WithTimeout(limit);
        return await task;
    }

    public static Task WithTimeout(this ValueTask task, TimeSpan limit) => task.AsTask().WithTimeout(limit);

    public static Task<T> WithTimeout<T>(this ValueTask<T> task, TimeSpan limit) => task.AsTask().WithTimeout(limit);

    /// <summary>Looks again and again until the condition holds; fails when it does not in time.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what, TimeSpan? limit = null)
    {
        var bound = limit ?? Short;
        for (var started = Stopwatch.GetTimestamp(); !condition();)
        {
            if (Stopwatch.GetElapsedTime(started) > bound)
            {
                Assert.Fail($"{what}: not within {bound.TotalSeconds} s.\n{SampleProcess.DumpAll()}");
            }

            await Task.Delay(s_pollInterval);
        }
    }

    /// <summary>The same for what can only be seen by asking somebody.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? limit = null)
    {
        var bound = limit ?? Short;
        for (var started = Stopwatch.GetTimestamp(); !await condition();)
        {
            if (Stopwatch.GetElapsedTime(started) > bound)
            {
                Assert.Fail($"{what()}: not within {bound.TotalSeconds} s.\n{SampleProcess.DumpAll()}");
            }

            await Task.Delay(s_pollInterval);
        }
    }

    private static async Task OrDumpAsync(Task task, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit);
        }
        catch (TimeoutException exception) when (!task.IsCompleted)
        {
            throw new TimeoutException($"{exception.Message}\n{SampleProcess.DumpAll()}", exception);
        }
    }
}

using System.Diagnostics;

namespace Sample.Web.Tests.Support;

/// <summary>The bounds of every wait; none is reached unless something is wrong.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Short = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks again and again until the condition holds; fails when it does not in time.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var started = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Short, $"{what}: not within {Short.TotalSeconds} s.");
            await Task.Delay(s_pollInterval);
        }
    }
}

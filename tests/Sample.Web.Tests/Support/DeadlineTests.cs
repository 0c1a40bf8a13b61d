namespace Sample.Web.Tests.Support;

public class DeadlineTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task WithTimeout_InVain_TellsWhatTheSamplesDo()
    {
        await using var sample = await SampleProcess.StartAsync("--loops", "1");

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => new TaskCompletionSource().Task.WithTimeout(s_soon));

        ExpectStates(sample, exception.Message);
    }

    [Fact]
    public async Task UntilAsync_InVain_TellsWhatTheSamplesDo()
    {
        await using var sample = await SampleProcess.StartAsync("--loops", "1");

        var exception = await Assert.ThrowsAnyAsync<Exception>(() => Deadline.UntilAsync(() => false, "never", s_soon));

        Assert.StartsWith("never: not within 0.02 s.", exception.Message, StringComparison.Ordinal);
        ExpectStates(sample, exception.Message);
    }

    /// <summary>Its threads with their system calls, and its log.</summary>
    private static void ExpectStates(SampleProcess sample, string message)
    {
        Assert.Contains($"Sample {sample.Id}:", message, StringComparison.Ordinal);
        Assert.Matches(@"\d+ epoll-loop-0: \w, in \w+, call \S+, \d+ ticks", message);
        Assert.Contains($"Now listening on: {sample.Address}", message, StringComparison.Ordinal);
    }
}

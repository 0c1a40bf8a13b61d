using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Scheduling;

namespace Transport.Epoll.Tests.Support;

public class WaitingTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task WithTimeout_InVain_TellsWhatTheLoopsDo()
    {
        using TestLoop test = new(name: "epoll-held");
        using ManualResetEventSlim held = await test.HoldAsync();

        TimeoutException exception = await Assert.ThrowsAsync<TimeoutException>(() => new TaskCompletionSource().Task.WithTimeout(Soon));

        held.Set();
        Assert.Contains("epoll-held: runs, turn ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UntilAsync_InVain_TellsWhatTheLoopsDo()
    {
        using AutoLoops auto = new();
        using BlockedCallback blocked = new();
        await blocked.StartAsync(auto.Loop);

        var exception = await Assert.ThrowsAnyAsync<Exception>(() => Waiting.UntilAsync(() => false, Soon, "never"));

        await blocked.EndAsync();
        Assert.Contains("never", exception.Message, StringComparison.Ordinal);
        Assert.Contains("epoll-loop-0: in a callback of ", exception.Message, StringComparison.Ordinal);
    }
}

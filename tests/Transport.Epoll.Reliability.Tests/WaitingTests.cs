namespace Transport.Epoll.Reliability.Tests;

public sealed class WaitingTests
{
    [Fact]
    public async Task WithinLimit_InVain_TellsWhatTheServerDoes()
    {
        var exception = await Assert.ThrowsAsync<WaitException>(() => Waiting.WithinLimitAsync(NeverAsync, "Something", () => "It sleeps.", CancellationToken.None, TimeSpan.FromMilliseconds(20)));

        Assert.Equal("Something: not within 0.02 s. It sleeps.", exception.Message);
    }

    [Fact]
    public async Task WithinLimit_BrokenOff_IsNoTimeout()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Waiting.WithinLimitAsync(NeverAsync, "Something", () => "It sleeps.", stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static async Task<int> NeverAsync(CancellationToken cancellation)
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        return 0;
    }
}

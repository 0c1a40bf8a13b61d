namespace Transport.Epoll.Tests.EventLoops;

/// <summary>What excuses a callback that tick after tick finds again: that its thread had no processor. The times are those of no real thread.</summary>
public class LoopObservationTests
{
    private const long Second = 1_000_000_000;
    private const string Runnable = "1 (epoll-loop-0) R 1";
    private const string Asleep = "1 (epoll-loop-0) S 1";

    /// <summary>The kernel counts a wait for a processor when it is over: until then the thread's times stand still.</summary>
    [Fact]
    public async Task Tick_ThreadStillWaitsForAProcessor_IsNoStall()
    {
        using AutoLoops loops = new();
        loops.Kernel.Stat = Runnable;
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);

        for (int i = 0; i < 20; i++)
        {
            loops.Watchdog.Tick();
        }

        Assert.Equal(0, loops.Counters.TakeOvers);
        loops.Kernel.Stat = Asleep; // it got one, and sleeps now
        loops.Watchdog.Tick();
        Assert.Equal(1, loops.Counters.TakeOvers);
        await blocked.EndAsync();
    }

    [Fact]
    public async Task Tick_ThreadComputes_IsAStall()
    {
        long ran = 0;
        using AutoLoops loops = new();
        loops.Kernel.SchedStat = () => $"{ran += Second} 0 0";
        loops.Kernel.Stat = Runnable;
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);

        loops.TickThrice();

        Assert.Equal(1, loops.Counters.TakeOvers);
        await blocked.EndAsync();
    }
}

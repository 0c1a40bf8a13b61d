using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>The standbys in reserve: a callback begins on a loop only if a thread that runs already could take over.</summary>
public class ReserveTests
{
    private const int StandbysExhausted = 42;
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task RunTurn_NoStandbyLeft_CallbacksGoToThePoolAndComeBack()
    {
        using AutoLoops loops = new(maxStandbys: 1);
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);
        loops.TickThrice();

        Assert.True(await RunsOnPoolAsync(loops.Loop));

        await blocked.EndAsync();
        await Waiting.UntilAsync(() => loops.Threads.HasReserve);
        Assert.False(await RunsOnPoolAsync(loops.Loop));
    }

    [Fact]
    public async Task Tick_AllLoopsHeldUpWithTheFewestStandbys_AllAreTakenOver()
    {
        using AutoLoops loops = new(loops: 2, maxStandbys: 2);
        using BlockedCallback one = new();
        using BlockedCallback two = new();
        await one.StartAsync(loops.Loop);
        await two.StartAsync(loops.Other);

        loops.TickThrice();

        await AutoLoops.RunAsync(loops.Loop, () => 0);
        await AutoLoops.RunAsync(loops.Other, () => 0);
        Assert.Equal(2, loops.Counters.TakeOvers);
        await one.EndAsync();
        await two.EndAsync();
    }

    [Fact]
    public async Task RunTurn_NoStandbyCanBeStarted_CallbacksRunOnThePoolUntilOneCan()
    {
        using AutoLoops loops = new(script: new ThreadScript { Failure = new InsufficientMemoryException() });
        using BlockedCallback blocked = new();
        Assert.True((await blocked.StartAsync(loops.Loop)).IsThreadPoolThread);
        await AutoLoops.RunAsync(loops.Loop, () => 0); // the loop goes on
        await blocked.EndAsync();
        loops.TickThrice();
        Assert.Equal(1, loops.Script.Tries);

        loops.Script.Failure = null;
        loops.Script.PassTime(ThreadStarter.Pause);
        loops.Watchdog.Tick();

        Assert.Equal(1, loops.Threads.Parked);
        Assert.False(await RunsOnPoolAsync(loops.Loop));
        Assert.Single(loops.Script.Reports);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tick_FurtherStandbyCantBeStarted_TheReserveTakesOver(bool threadStartException)
    {
        using AutoLoops loops = new();
        loops.Script.Failure = threadStartException ? NewThreadStartException() : new InsufficientMemoryException();
        for (int round = 1; round <= 3; round++)
        {
            using BlockedCallback blocked = new();
            Assert.False((await blocked.StartAsync(loops.Loop)).IsThreadPoolThread);

            loops.TickThrice();

            Assert.Equal(round, loops.Counters.TakeOvers);
            using BlockedCallback second = new(); // would hold up the loop for good
            Assert.True((await second.StartAsync(loops.Loop)).IsThreadPoolThread);
            await AutoLoops.RunAsync(loops.Loop, () => 0);
            await second.EndAsync();
            await blocked.EndAsync();
            await Waiting.UntilAsync(() => loops.Threads.HasReserve);
        }

        Assert.Single(loops.Script.Reports);
    }

    [Fact]
    public async Task Tick_AllLoopsHeldUpAndNoFurtherStandbyCanBeStarted_AllAreTakenOver()
    {
        using AutoLoops loops = new(loops: 2);
        using BlockedCallback one = new();
        using BlockedCallback two = new();
        await one.StartAsync(loops.Loop);
        await two.StartAsync(loops.Other);
        loops.Script.Failure = new InsufficientMemoryException();

        loops.TickThrice();

        Assert.Equal(2, loops.Counters.TakeOvers);
        Assert.True(await RunsOnPoolAsync(loops.Loop));
        Assert.True(await RunsOnPoolAsync(loops.Other));
        await one.EndAsync();
        await Waiting.UntilAsync(() => loops.Threads.Parked == 1);
        Assert.True(await RunsOnPoolAsync(loops.Loop)); // one for two loops is none
        await two.EndAsync();
    }

    [Fact]
    public async Task Tick_CallbackNeverReturns_TheReserveIsMendedWhenAThreadCanBeStarted()
    {
        using AutoLoops loops = new();
        loops.Script.Failure = new InsufficientMemoryException();
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);
        loops.TickThrice();
        int tries = loops.Script.Tries;
        loops.TickThrice();
        Assert.Equal(tries, loops.Script.Tries); // the pause
        Assert.False(loops.Threads.HasReserve);

        loops.Script.Failure = null;
        loops.Script.PassTime(ThreadStarter.Pause);
        loops.Watchdog.Tick();

        Assert.True(loops.Threads.HasReserve);
        Assert.False(await RunsOnPoolAsync(loops.Loop));
        await blocked.EndAsync();
    }

    [Fact]
    public async Task Tick_AllStandbysHeldUpForAWhile_IsReportedOnceAndAgainTheNextTime()
    {
        using AutoLoops loops = new(maxStandbys: 1);
        for (int time = 1; time <= 2; time++)
        {
            using BlockedCallback blocked = new();
            await blocked.StartAsync(loops.Loop);
            loops.TickThrice();
            await AutoLoops.RunAsync(loops.Loop, () => 0);

            TickAfter(loops, s_second / 2);
            Assert.Equal(time - 1, loops.LogIds.Count(id => id == StandbysExhausted));
            TickAfter(loops, s_second);
            TickAfter(loops, s_second * 2);
            Assert.Equal(time, loops.LogIds.Count(id => id == StandbysExhausted));

            await blocked.EndAsync();
            await Waiting.UntilAsync(() => loops.Threads.HasReserve);
            loops.Watchdog.Tick();
        }
    }

    /// <summary>That is said elsewhere, with the reason.</summary>
    [Fact]
    public void Tick_NoStandbyCanBeStarted_IsNotReportedAsAllHeldUp()
    {
        using AutoLoops loops = new(script: new ThreadScript { Failure = new InsufficientMemoryException() });

        TickAfter(loops, s_second * 5);
        TickAfter(loops, s_second * 5);

        Assert.False(loops.Threads.HasReserve);
        Assert.DoesNotContain(StandbysExhausted, loops.LogIds);
    }

    [Fact]
    public async Task Standby_IdleForLong_EndsButTheReserveStays()
    {
        using AutoLoops loops = new(times: AutoLoops.Times with { StandbyIdle = TimeSpan.FromMilliseconds(20) });
        List<Thread> threads = [await AutoLoops.RunAsync(loops.Loop, () => Thread.CurrentThread)];
        for (int round = 0; round < 3; round++)
        {
            using BlockedCallback blocked = new();
            await blocked.StartAsync(loops.Loop);
            loops.TickThrice();
            await AutoLoops.RunAsync(loops.Loop, () => 0);
            await blocked.EndAsync();

            // The driver and the one in reserve.
            await Waiting.UntilAsync(() => threads.Concat(loops.Script.Standbys).Count(thread => thread.IsAlive) == 2);
            Assert.Equal(1, loops.Threads.Parked);
        }

        Assert.Equal(4, loops.Script.Tries);
    }

    private static void TickAfter(AutoLoops loops, TimeSpan time)
    {
        loops.ClockAhead += time;
        loops.Watchdog.Tick();
    }

    /// <summary>Whether a callback of a new connection runs on the pool.</summary>
    private static Task<bool> RunsOnPoolAsync(EventLoop loop) => new RecordingItemOwner().RunAsync(loop, () => Thread.CurrentThread.IsThreadPoolThread);

    /// <summary>It has no public constructor.</summary>
    private static ThreadStartException NewThreadStartException() => (ThreadStartException)Activator.CreateInstance(typeof(ThreadStartException), nonPublic: true)!;
}

using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>Loops that share their threads. The watchdog ticks by hand, so nothing here depends on time.</summary>
public class CarriersTests
{
    [Fact]
    public async Task Post_ManyLoopsOneCarrier_AllRunOnItsThread()
    {
        using AutoLoops loops = new(loops: 4, shared: true);

        Thread[] threads = await Task.WhenAll(loops.Loops.Select(loop => AutoLoops.RunAsync(loop, () => Thread.CurrentThread)));

        Assert.Single(threads.Distinct());
        Assert.Equal("epoll-loop-any", threads[0].Name);
        Assert.Equal(1, loops.Carriers.Active);
        Assert.Equal((1, 4, 0, 0), loops.Threads.Count());
    }

    [Fact]
    public async Task Run_ManyPostersAndChangesOfTheNumber_EachItemRunsOnceInTheOrderOfItsPoster()
    {
        const int Items = 20_000;
        using AutoLoops loops = new(loops: 3, shared: true);
        int[] ran = new int[3];
        int[] faults = new int[3]; // each loop's own
        Task[] posters = [.. loops.Loops.Select((loop, i) => Task.Run(() =>
        {
            for (int n = 0; n < Items; n++)
            {
                int expected = n;
                loop.Post(_ => faults[i] += ran[i]++ == expected && loop.IsRunningHere ? 0 : 1, null);
                if (n % 1000 == 0)
                {
                    loops.SetCarriers(1 + ((n / 1000 + i) % 3));
                }
            }
        }))];

        await Task.WhenAll(posters).WithTimeout();
        await Waiting.UntilAsync(() => ran.All(count => Volatile.Read(ref count) == Items));

        Assert.Equal([0, 0, 0], faults);
    }

    /// <summary>A turn's share is bounded: what is left must not wait for somebody to come by.</summary>
    [Fact]
    public async Task Run_MoreItemsThanATurnTakes_AllRun()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        int ran = 0;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loops.Loop.Post(_ =>
        {
            for (int i = 0; i < 2000; i++)
            {
                loops.Loop.Post(_ =>
                {
                    if (++ran == 2000)
                    {
                        done.SetResult();
                    }
                }, null);
            }
        }, null);

        await done.Task.WithTimeout();
    }

    [Fact]
    public async Task Tick_CallbackHoldsTheOnlyCarrierUp_AnotherThreadServesAllLoops()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        using BlockedCallback blocked = new();
        Thread first = await blocked.StartAsync(loops.Loop);
        Task<Thread> same = AutoLoops.RunAsync(loops.Loop, () => Thread.CurrentThread);
        Task<Thread> other = AutoLoops.RunAsync(loops.Other, () => Thread.CurrentThread);

        loops.TickThrice();

        Thread second = await same;
        Assert.NotSame(first, second);
        Assert.Same(second, await other);
        Assert.Equal("epoll-loop-any", await AutoLoops.RunAsync(loops.Other, () => Thread.CurrentThread.Name));
        Assert.Equal((1, 1), (loops.Carriers.Active, loops.Threads.Count().HeldUp));
        await blocked.EndAsync();
        await Waiting.UntilAsync(() => loops.Threads.Count() == (1, 3, 0, 0));
        Assert.Equal("epoll-standby", first.Name);
        Assert.Equal(1, loops.Carriers.Active);
    }

    [Fact]
    public async Task Tick_TwoCarriersHeldUpInEachOthersWay_BothLoopsGoOn()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        await loops.UntilServingAsync(2);
        using BlockedCallback one = new();
        using BlockedCallback two = new();
        await one.StartAsync(loops.Loop);
        await two.StartAsync(loops.Other);

        loops.TickThrice();

        await Task.WhenAll(AutoLoops.RunAsync(loops.Loop, () => 0), AutoLoops.RunAsync(loops.Other, () => 0));
        Assert.Equal(2, loops.Counters.TakeOvers);
        Assert.Equal((2, 2), (loops.Carriers.Active, loops.Threads.Count().HeldUp));
        await one.EndAsync();
        await two.EndAsync();
    }

    [Fact]
    public async Task Wanted_OneLess_OneLeavesAfterItsTurnAndBecomesAStandby()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        await loops.UntilServingAsync(2);

        loops.SetCarriers(1);
        await AutoLoops.RunAsync(loops.Loop, () => 0);

        await Waiting.UntilAsync(() => loops.Threads.Count() == (1, 3, 0, 0));
        await AutoLoops.RunAsync(loops.Loop, () => 0);
        await AutoLoops.RunAsync(loops.Other, () => 0);
    }

    /// <summary>A kernel out of memory, for a while: nobody else would ever look at the loop again.</summary>
    [Fact]
    public async Task Run_LoopCantBeArmedForAWhile_GoesOn()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        await loops.UntilServingAsync(2);
        loops.Kernel.OnEpollModify.Fail(Errno.ENOMEM, Errno.ENOMEM, Errno.ENOMEM, Errno.ENOMEM, Errno.ENOMEM);

        for (int i = 0; i < 20; i++)
        {
            await AutoLoops.RunAsync(loops.Loop, () => 0);
            await AutoLoops.RunAsync(loops.Other, () => 0);
        }

        Assert.True(loops.Kernel.OnEpollModify.Calls > 5);
        Assert.Equal(2, loops.Carriers.Active);
    }

    [Theory]
    [InlineData(1)] // arms it for others to come
    [InlineData(2)] // arms it after its turn
    public async Task Run_LoopCantBeArmedAnyMore_ItEndsAndTheOtherGoesOn(int carriers)
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        await loops.UntilServingAsync(carriers);
        loops.Kernel.OnEpollModify.Fail(Errno.EBADF);
        loops.SetCarriers(2);

        await AutoLoops.RunAsync(loops.Loop, () => 0);

        await Waiting.UntilAsync(() => loops.Loop.HasEnded);
        await AutoLoops.RunAsync(loops.Other, () => 0);
    }

    [Fact]
    public async Task Run_CarriersCantWaitAnyMore_AllLoopsEndAndTellOf()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        loops.Kernel.OnEpollWait.FailAlways(Errno.EBADF);

        loops.Loop.Post(_ => { }, null);

        await Waiting.UntilAsync(() => loops.Loops.All(loop => loop.HasEnded));
        await Waiting.UntilAsync(() => loops.Carriers.Active == 0);
    }

    [Fact]
    public async Task Release_ManyCarriers_AllEndAndCloseWhatTheyShared()
    {
        AutoLoops loops = new(loops: 4, shared: true);
        await loops.UntilServingAsync(3);

        loops.Dispose();

        await Waiting.UntilAsync(() => loops.Carriers.Active == 0);
        await Waiting.UntilAsync(() => loops.Kernel.OnClose.Calls == 10); // epoll and eventfd of four loops and of what they shared
    }

    [Fact]
    public void Constructor_ALoopCantBeShared_ClosesAll()
    {
        ScriptedKernel kernel = new();
        Carriers carriers = new(new ReadyLoops(kernel), 3, () => new SpinPolicy(0, 1));
        DriverThreads threads = new(3, 8, 0, TimeSpan.Zero, carriers: carriers);
        Transport.Epoll.Diagnostics.SchedulingCounters counters = new(null);

        Assert.Throws<InvalidOperationException>(() => new EventLoopGroup(3, (i, onEnded) => i == 2
            ? throw new InvalidOperationException()
            : new EventLoop($"epoll-loop-{i}", kernel, new SpinPolicy(0, 1), null, _ => { }, onEnded, counters: counters.NewLoop(i)), () => { }, threads));

        Assert.Equal(6, kernel.OnClose.Calls); // of two loops and of what they would have shared
        Assert.Equal(0, carriers.Active);
    }
}

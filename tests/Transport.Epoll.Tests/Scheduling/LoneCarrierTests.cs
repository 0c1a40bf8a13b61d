using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>One carrier that serves all loops: what it is spared, how others come, and that nothing is lost though no loop is armed after its turn.</summary>
public class LoneCarrierTests
{
    /// <summary>One system call less for each turn, where most servers are most of the time.</summary>
    [Fact]
    public async Task Run_OneCarrier_ArmsNoLoop()
    {
        using AutoLoops loops = new(loops: 2, shared: true);

        await TakeTwentyTurnsAsync();
        Assert.Equal(0, loops.Kernel.OnEpollModify.Calls);
        await loops.UntilServingAsync(2);
        await TakeTwentyTurnsAsync();
        Assert.InRange(loops.Kernel.OnEpollModify.Calls, 10, int.MaxValue);
        await loops.UntilServingAsync(1);
        await AutoLoops.RunAsync(loops.Loop, () => 0);
        long alone = await Waiting.UntilStillAsync(() => loops.Kernel.OnEpollModify.Calls);
        await TakeTwentyTurnsAsync();
        Assert.Equal(alone, loops.Kernel.OnEpollModify.Calls);

        async Task TakeTwentyTurnsAsync()
        {
            for (int i = 0; i < 20; i++)
            {
                await AutoLoops.RunAsync(loops.Loops[i % 2], () => 0);
            }
        }
    }

    /// <summary>
    /// Quick connections of one loop that all begin to block at the same time: each take-over brings the next one to its callback, before the turn is over.
    /// The other loop must not wait for all of them.
    /// </summary>
    [Fact]
    public async Task MakeRoom_TheOnlyCarrierWasTakenOver_ASecondComesBeforeTheTurnIsOver()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        using BlockedCallback first = new();
        using BlockedCallback second = new();
        await first.StartAsync(loops.Loop);
        Task<Thread> next = second.StartAsync(loops.Loop);
        loops.TickThrice();
        await next;

        loops.SetCarriers(2);

        Assert.Equal(2, loops.Carriers.Active);
        await AutoLoops.RunAsync(loops.Other, () => 0);
        await second.EndAsync();
        await first.EndAsync();
    }

    [Fact]
    public async Task MakeRoom_ACallbackWasSlow_ASecondComesBeforeTheTurnIsOver()
    {
        using AutoLoops loops = new(loops: 2, shared: true, times: AutoLoops.Times with { SlowCallback = TimeSpan.FromTicks(1) });
        using BlockedCallback blocked = new();
        Task<Thread> started = await AutoLoops.RunAsync(loops.Loop, () =>
        {
            loops.Loop.Post(_ => Thread.SpinWait(1000), null, new RecordingItemOwner());
            return blocked.StartAsync(loops.Loop); // the same turn's
        });
        await started;

        loops.SetCarriers(2);

        Assert.Equal(2, loops.Carriers.Active);
        await AutoLoops.RunAsync(loops.Other, () => 0);
        await blocked.EndAsync();
        await AutoLoops.RunAsync(loops.Loop, () => 0);
    }

    /// <summary>The outer instance has told of the loop's event, and tells of it once.</summary>
    [Theory]
    [InlineData(Errno.EINTR)]
    [InlineData(Errno.ENOMEM)]
    public async Task Run_LookAtALoopsEventsFails_NothingIsLost(int errno)
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        using EventFd source = new(Kernel.Linux);
        StubHandler handler = new();
        await AutoLoops.RunAsync(loops.Loop, () => loops.Loop.Register(source.Number, handler, EpollEvents.In, out _).IsOk);
        await Waiting.UntilStillAsync(() => loops.Kernel.OnEpollWait.Calls);
        loops.Kernel.OnEpollWait.Fail(errno);

        source.Signal();

        await Waiting.UntilAsync(() => !handler.Events.IsEmpty);
    }

    /// <summary>No event comes for what a batch had no room for, and nobody arms the loop.</summary>
    [Fact]
    public async Task Run_MoreEventsThanOneBatchTakes_AllAreHandled()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        EventFd[] sources = [.. Enumerable.Range(0, 500).Select(_ => new EventFd(Kernel.Linux))];
        StubHandler[] handlers = [.. sources.Select(_ => new StubHandler())];
        await AutoLoops.RunAsync(loops.Loop, () =>
        {
            for (int i = 0; i < sources.Length; i++)
            {
                loops.Loop.Register(sources[i].Number, handlers[i], EpollEvents.In, out _).ThrowIfFailed();
                sources[i].Signal();
            }

            return 0;
        });

        await Waiting.UntilAsync(() => handlers.All(handler => !handler.Events.IsEmpty));
        Array.ForEach(sources, source => source.Dispose());
    }

    /// <summary>A callback holds up the carrier that is alone: another one is alone in its place.</summary>
    [Fact]
    public async Task Wanted_TheOnlyCarrierIsHeldUp_OthersComeAfterTheTakeOver()
    {
        using AutoLoops loops = new(loops: 3, shared: true);
        using BlockedCallback blocked = new();
        await blocked.StartAsync(loops.Loop);
        loops.SetCarriers(3);
        Assert.Equal(1, loops.Carriers.Active);

        loops.TickThrice();
        await loops.UntilServingAsync(3);

        await Task.WhenAll(loops.Loops.Select(loop => AutoLoops.RunAsync(loop, () => 0)));
        await blocked.EndAsync();
    }
}

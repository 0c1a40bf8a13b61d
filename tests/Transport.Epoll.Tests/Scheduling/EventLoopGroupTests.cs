using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

public class EventLoopGroupTests
{
    private readonly ScriptedKernel _kernel = new();
    private int _ended;

    [Fact]
    public async Task Release_LastReference_EndsTheLoopsOnce()
    {
        EventLoopGroup group = Create(2);
        Assert.True(group.TryAddReference());

        group.Release();
        Assert.Equal(0, _ended);
        group.Release();

        Assert.Equal(1, _ended);
        Assert.False(group.TryAddReference());
        await Waiting.UntilAsync(() => _kernel.OnClose.Calls == 4);
    }

    [Fact]
    public async Task Release_FromEightThreads_EndsOnce()
    {
        EventLoopGroup group = Create(1);
        using Barrier together = new(8);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait(Waiting.Limit);
            for (int i = 0; i < 1000; i++)
            {
                Assert.True(group.TryAddReference());
                group.Release();
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).WithTimeout();

        Assert.Equal(0, _ended);
        group.Release();
        Assert.Equal(1, _ended);
    }

    [Fact]
    public async Task Constructor_LaterLoopFails_StopsTheEarlierOnes()
    {
        Assert.Throws<InvalidOperationException>(() => new EventLoopGroup(3,
            (i, onFailed) => i == 2 ? throw new InvalidOperationException() : CreateLoop(i, onFailed), () => _ended++, Threads(3)));

        await Waiting.UntilAsync(() => _kernel.OnClose.Calls == 4);
        Assert.Equal(0, _ended);
    }

    [Fact]
    public void LeastLoaded_UnevenLoops_IsTheOneWithFewestConnections()
    {
        EventLoopGroup group = Create(3);
        group.Loops[0].Counters.Shared.OnConnection();
        group.Loops[1].Counters.Shared.OnConnection();
        group.Loops[2].Counters.Shared.OnConnection();
        group.Loops[1].Counters.Shared.OnConnectionEnded(ConnectionEnd.ServerClosed);

        Assert.Same(group.Loops[1], group.LeastLoaded());
        group.Release();
    }

    [Fact]
    public async Task LeastLoaded_LoopHasEnded_IsAnother()
    {
        EventLoopGroup group = Create(2);
        group.Loops[1].Counters.Shared.OnConnection();
        group.Loops[0].Stop();
        EventLoop ended = group.Loops[0];
        await Waiting.UntilAsync(() => ended.HasEnded);

        Assert.Same(group.Loops[1], group.LeastLoaded());
        Assert.Same(group.Loops[1], group.Choose(ended)); // its listener may still hand out what it had accepted
        group.Loops[1].Stop();
    }

    [Fact]
    public async Task Failed_LoopCannotGoOn_IsRaised()
    {
        TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        EventLoopGroup group = Create(1);
        group.Failed += failed.SetResult;
        _kernel.OnEpollWait.FailAlways(Errno.EBADF);
        group.Loops[0].Post(_ => { }, null);

        Exception exception = await failed.Task.WithTimeout();

        Assert.IsType<SocketException>(exception.InnerException);
        group.Release();
        Assert.Equal(1, _ended);
    }

    [Fact]
    public async Task CreateGroup_AnyCount_NamesTheLoops()
    {
        EventLoopGroup group = EventLoopFactory.CreateGroup(_kernel, 2, 30, null, null, new SchedulingCounters(null), NullLogger.Instance, () => _ended++);
        string[] names = [.. group.Loops.ToArray().Select(loop => loop.Name)];
        group.Release();

        Assert.Equal(["epoll-loop-0", "epoll-loop-1"], names);
        await Waiting.UntilAsync(() => _kernel.OnClose.Calls == 4);
    }

    [Fact]
    public async Task New_ThreadOfALoopCantBeStarted_ClosesAllDescriptors()
    {
        InsufficientMemoryException failure = new();
        ThreadStarter starter = new(start: thread =>
        {
            if (thread.Name == "epoll-loop-1")
            {
                throw failure;
            }

            thread.UnsafeStart();
        });

        Exception thrown = Assert.Throws<InsufficientMemoryException>(() => new EventLoopGroup(3, CreateLoop, () => { }, new DriverThreads(3, 0, 0, TimeSpan.Zero, starter)));

        Assert.Same(failure, thrown);
        await Waiting.UntilAsync(() => _kernel.OnClose.Calls == 4); // epoll and eventfd of two loops
    }

    [Fact]
    public void CreateGroup_ForbiddenProcessor_NamesThoseAllowed()
    {
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(
            () => EventLoopFactory.CreateGroup(Kernel.Linux, 1, 0, [1023], null, new SchedulingCounters(null), NullLogger.Instance, () => _ended++));

        Assert.Contains("1023", exception.Message, StringComparison.Ordinal);
    }

    private EventLoopGroup Create(int count) => new(count, CreateLoop, () => Interlocked.Increment(ref _ended), Threads(count));

    [Fact]
    public async Task CreateGroup_WithAuto_MayHaveEightStandbysForEachLoopAndThoseItLends()
    {
        AutoTimes auto = new AutoSchedulingOptions { MaxLentThreads = 5 }.ToTimes();

        EventLoopGroup group = EventLoopFactory.CreateGroup(Kernel.Linux, 2, 0, null, auto, new SchedulingCounters(null), NullLogger.Instance, () => Interlocked.Increment(ref _ended));

        Assert.Equal((2 * EventLoopFactory.StandbysPerLoop) + 5 + 1, group.Threads.MaxStandbys); // and a second carrier
        Assert.True(group.Threads.TryLend(() => { }));
        group.Release();
        await Waiting.UntilAsync(() => Volatile.Read(ref _ended) == 1);
    }

    private static DriverThreads Threads(int loops) => new(loops, 0, 0, TimeSpan.Zero);

    private EventLoop CreateLoop(int number, Action<Exception?> onFailed)
        => new($"epoll-loop-{number}", _kernel, new SpinPolicy(0, 1), processor: null, _ => { }, onFailed);
}

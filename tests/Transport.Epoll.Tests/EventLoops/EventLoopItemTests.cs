using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public sealed class EventLoopItemTests : IDisposable
{
    private readonly TestLoop _test = new();
    private readonly RecordingItemOwner _owner = new();

    private EventLoop Loop => _test.Loop;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Post_FromAnotherThread_RunsInOrderOnTheLoopsThread()
    {
        List<int> order = [];
        HashSet<Thread> threads = [];
        for (int i = 0; i < 5000; i++)
        {
            Loop.Post(state =>
            {
                order.Add((int)state!);
                threads.Add(Thread.CurrentThread);
            }, i);
        }

        await _test.RunAsync(() => 0);

        Assert.Equal(Enumerable.Range(0, 5000), order);
        Assert.Equal([_test.Thread], threads);
    }

    [Fact]
    public async Task Post_FromManyThreads_RunsEachItemOnce()
    {
        int[] runs = new int[8 * 2000];
        using Barrier together = new(8);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait(Waiting.Limit);
            for (int i = 0; i < 2000; i++)
            {
                Loop.Post(state => runs[(int)state!]++, (writer * 2000) + i);
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).WithTimeout();

        await _test.RunAsync(() => 0);

        Assert.All(runs, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task Post_ApplicationItemThenLoopItem_TheLoopItemRunsFirst()
    {
        List<string> order = [];
        using ManualResetEventSlim gate = await _test.HoldAsync();
        Task<int> application = _owner.RunAsync(Loop, () =>
        {
            order.Add("application");
            return 0;
        });
        Loop.Post(_ => order.Add("loop"), null);

        gate.Set();
        await application;

        Assert.Equal(["loop", "application"], order);
    }

    [Fact]
    public async Task Post_FromALoopItem_RunsLaterInOrder()
    {
        List<int> order = [];
        await _test.RunAsync(() =>
        {
            Loop.Post(_ => order.Add(1), null);
            Loop.Post(_ => order.Add(2), null);
            order.Add(0);
            return 0;
        });

        await _test.PassTwoTurnsAsync();

        Assert.Equal([0, 1, 2], order);
    }

    [Fact]
    public async Task Post_EndlessLoopItems_DoNotStarveOthers()
    {
        bool stop = false;
        void Again(object? state)
        {
            if (!Volatile.Read(ref stop))
            {
                Loop.Post(Again, state);
            }
        }

        Loop.Post(Again, null);

        Assert.Equal(1, await _test.RunAsync(() => 1));
        Assert.Equal(2, await _owner.RunAsync(Loop, () => 2));
        Volatile.Write(ref stop, true);
    }

    [Fact]
    public async Task Post_ApplicationItemThrows_CostsItsOwnerOnly()
    {
        RecordingItemOwner other = new();
        InvalidOperationException thrown = new("from the application");
        Loop.Post(_ => throw thrown, null, _owner);

        Assert.Equal(1, await other.RunAsync(Loop, () => 1));

        Assert.Equal([thrown], _owner.Failures);
        Assert.Empty(other.Failures);
        Assert.Empty(_test.Faults);
    }

    [Fact]
    public async Task Post_LoopItemThrows_IsReportedAndTheLoopGoesOn()
    {
        InvalidOperationException thrown = new("from a loop item");
        Loop.Post(_ => throw thrown, null);

        Assert.Equal(1, await _test.RunAsync(() => 1));

        Assert.Equal([thrown], _test.Faults);
    }

    [Fact]
    public async Task IsRunningHere_InEachPlace_OnlyInLoopItems()
    {
        using TestLoop other = new();

        Assert.False(Loop.IsRunningHere);
        Assert.True(await _test.RunAsync(() => Loop.IsRunningHere));
        Assert.False(await other.RunAsync(() => Loop.IsRunningHere));
        Assert.False(await _owner.RunAsync(Loop, () => Loop.IsRunningHere));
        Assert.True(await _test.RunAsync(() => Loop.IsRunningHere));
    }

    [Fact]
    public async Task Post_FromAnApplicationItem_ReachesTheLoop()
    {
        TaskCompletionSource<Thread> ran = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _owner.RunAsync(Loop, () =>
        {
            Loop.Post(_ => ran.SetResult(Thread.CurrentThread), null);
            return 0;
        });

        Assert.Same(_test.Thread, await ran.Task.WithTimeout());
    }

    [Fact]
    public async Task LoopYield_Awaited_ResumesOnTheLoop()
    {
        Thread loopThread = _test.Thread;
        async Task<Thread> YieldAsync()
        {
            await new LoopYield(Loop);
            return Thread.CurrentThread;
        }

        Assert.Same(loopThread, await YieldAsync().WithTimeout());
    }
}

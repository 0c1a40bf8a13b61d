using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class PoolQueueTests
{
    private static readonly AsyncLocal<int> Local = new();

    private readonly PoolQueue _queue = new();

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(1000)]
    public async Task Flush_Items_RunsEachOnceOnThePool(int count)
    {
        int[] runs = new int[count];
        bool elsewhere = false;
        using CountdownEvent left = new(count);
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        for (int i = 0; i < count; i++)
        {
            _queue.Enqueue(state =>
            {
                Interlocked.Increment(ref runs[(int)state!]);
                elsewhere |= !Thread.CurrentThread.IsThreadPoolThread;
                if (left.Signal())
                {
                    done.SetResult();
                }
            }, i);
        }

        _queue.Flush();

        await done.Task.WithTimeout();
        Assert.All(runs, run => Assert.Equal(1, run));
        Assert.False(elsewhere);
    }

    [Fact]
    public async Task Flush_FirstItemBlocks_HoldsUpNobody()
    {
        using ManualResetEventSlim gate = new();
        TaskCompletionSource second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Enqueue(_ =>
        {
            gate.Wait(Waiting.Limit);
            first.SetResult();
        }, null);
        _queue.Enqueue(_ => second.SetResult(), null);

        _queue.Flush();

        await second.Task.WithTimeout();
        Assert.False(first.Task.IsCompleted);
        gate.Set();
        await first.Task.WithTimeout();
    }

    [Fact]
    public async Task Flush_AnItemLeavesAnAsyncLocal_IsGoneForTheNext()
    {
        TaskCompletionSource<int> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Enqueue(_ => Local.Value = 5, null);
        _queue.Enqueue(_ => seen.SetResult(Local.Value), null);

        _queue.Flush();

        Assert.Equal(0, await seen.Task.WithTimeout());
    }

    [Fact]
    public async Task PostToPool_FromTheRunningLoop_RunsWithTheTurn()
    {
        using TestLoop test = new();
        TaskCompletionSource<bool> ran = new(TaskCreationOptions.RunContinuationsAsynchronously);

        await test.RunAsync(() =>
        {
            test.Loop.PostToPool(_ => ran.SetResult(Thread.CurrentThread.IsThreadPoolThread), null);
            return 0;
        });

        Assert.True(await ran.Task.WithTimeout());
    }
}

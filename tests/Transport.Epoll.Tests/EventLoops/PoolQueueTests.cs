using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class PoolQueueTests
{
    private static readonly AsyncLocal<int> Local = new();

    private readonly PoolQueue _queue = new();
    private readonly RecordingItemOwner _owner = new();

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
            Enqueue(state =>
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
        Enqueue(_ =>
        {
            gate.Wait(Waiting.Limit);
            first.SetResult();
        }, null);
        Enqueue(_ => second.SetResult(), null);

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
        Enqueue(_ => Local.Value = 5, null);
        Enqueue(_ => seen.SetResult(Local.Value), null);

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
            test.Loop.PostToPool(_ => ran.SetResult(Thread.CurrentThread.IsThreadPoolThread), null, _owner);
            return 0;
        });

        Assert.True(await ran.Task.WithTimeout());
    }

    [Fact]
    public async Task Flush_AnItemThrows_TellsItsOwnerAndRunsTheNext()
    {
        TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(_ => throw new InvalidOperationException("from the application"), null);
        Enqueue(_ => next.SetResult(), null);

        _queue.Flush();

        await next.Task.WithTimeout();
        await Waiting.UntilAsync(() => !_owner.Failures.IsEmpty);
        Assert.Equal("from the application", Assert.Single(_owner.Failures).Message);
    }

    [Fact]
    public async Task PostToPool_FromElsewhereAndThrows_TellsItsOwner()
    {
        using TestLoop test = new();

        test.Loop.PostToPool(_ => throw new InvalidOperationException("from the application"), null, _owner);

        await Waiting.UntilAsync(() => !_owner.Failures.IsEmpty);
        Assert.Equal("from the application", Assert.Single(_owner.Failures).Message);
        Assert.Empty(test.Faults);
    }

    private void Enqueue(Action<object?> callback, object? state) => _queue.Enqueue(new WorkItem(callback, state, _owner));
}

using System.Collections.Concurrent;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class SlowCallbackQueueTests
{
    private readonly SlowCallbackQueue _queue = new();

    /// <summary>Pool threads pass callbacks on all the while that others are added. That none is left between a last look and an end is what tickets.pml proves.</summary>
    [Fact]
    public async Task Add_WhileOthersArePassedOn_RunsEachOnceOnThePool()
    {
        const int Count = 100_000;
        using AutoLoops loops = new();
        int[] runs = new int[Count];
        int left = Count;
        bool elsewhere = false;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordingItemOwner owner = new();

        for (int i = 0; i < Count; i++)
        {
            Add(loops, owner, state =>
            {
                Interlocked.Increment(ref runs[(int)state!]);
                elsewhere |= !Thread.CurrentThread.IsThreadPoolThread;
                if (Interlocked.Decrement(ref left) == 0)
                {
                    done.SetResult();
                }
            }, i);
        }

        await done.Task.WithTimeout();
        Assert.All(runs, run => Assert.Equal(1, run));
        Assert.False(elsewhere);
    }

    [Fact]
    public async Task Add_FirstCallbackBlocks_HoldsUpNobody()
    {
        using AutoLoops loops = new();
        using ManualResetEventSlim gate = new();
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordingItemOwner owner = new();

        Add(loops, owner, _ =>
        {
            gate.Wait(Waiting.Limit);
            first.SetResult();
        });
        Add(loops, owner, _ => second.SetResult());

        await second.Task.WithTimeout();
        Assert.False(first.Task.IsCompleted);
        gate.Set();
        await first.Task.WithTimeout();
    }

    /// <summary>A lent thread is there before the pool's: the work items come in vain, and what is added meanwhile has one of its own.</summary>
    [Fact]
    public async Task TryRunOne_BeforeTheWorkItems_RunsEachOnceAndLeavesNoneBehind()
    {
        using AutoLoops loops = new();
        ConcurrentQueue<IThreadPoolWorkItem> held = new();
        SlowCallbackQueue queue = new(held.Enqueue);
        RecordingItemOwner owner = new();
        ConcurrentQueue<int> ran = new();
        void Add(int number) => queue.Add(new MeasuredCallback(loops.Auto, new WorkItem(_ => ran.Enqueue(number), null, owner)));
        Add(1);
        Add(2);
        await Waiting.UntilAsync(() => held.Count == 2);

        Assert.True(queue.TryRunOne(TimeSpan.Zero, out _));
        Assert.True(queue.TryRunOne(TimeSpan.Zero, out _));
        Assert.False(queue.TryRunOne(TimeSpan.Zero, out _));
        Assert.True(queue.IsEmpty);
        Add(3);
        await Waiting.UntilAsync(() => held.Count == 3);
        foreach (IThreadPoolWorkItem item in held)
        {
            item.Execute();
        }

        Assert.Equal([1, 2, 3], ran);
    }

    private void Add(AutoLoops loops, RecordingItemOwner owner, Action<object?> callback, object? state = null)
        => _queue.Add(new MeasuredCallback(loops.Auto, new WorkItem(callback, state, owner)));
}

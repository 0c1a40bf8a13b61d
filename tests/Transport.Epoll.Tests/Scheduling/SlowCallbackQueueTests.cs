using System.Collections.Concurrent;
using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

[Collection(RunsAlone.Name)]
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

    /// <summary>A lent thread is there before the pool's: the next callbacks use the work items that are left, and one that stays ends in vain.</summary>
    [Fact]
    public async Task TryRunOne_BeforeTheWorkItems_LeavesThemToTheNextCallbacks()
    {
        using AutoLoops loops = new();
        ConcurrentQueue<IThreadPoolWorkItem> held = new();
        SlowCallbackQueue queue = new(held.Enqueue);
        RecordingItemOwner owner = new();
        ConcurrentQueue<int> ran = new();
        void Add(int number) => queue.Add(new MeasuredCallback(loops.Auto, new WorkItem(_ => ran.Enqueue(number), null, owner)));
        Add(1);
        Add(2);
        Add(3);
        await Waiting.UntilAsync(() => held.Count == 3);

        Assert.True(queue.TryRunOne(TimeSpan.Zero, out _));
        Assert.True(queue.TryRunOne(TimeSpan.Zero, out _));
        Assert.True(queue.TryRunOne(TimeSpan.Zero, out _));
        Assert.False(queue.TryRunOne(TimeSpan.Zero, out _));
        Assert.True(queue.IsEmpty);
        Add(4);
        Add(5);
        ((IThreadPoolWorkItem)queue).Execute(); // unless a pool thread has passed them on already
        Assert.Equal(3, held.Count);
        RunHeldBack();
        Assert.Equal([1, 2, 3, 4, 5], ran);

        // All are used up: each callback has a work item of its own again.
        Add(6);
        await Waiting.UntilAsync(() => held.Count == 1);
        RunHeldBack();
        Assert.Equal(6, ran.Last());

        void RunHeldBack()
        {
            while (held.TryDequeue(out IThreadPoolWorkItem? item))
            {
                item.Execute();
            }
        }
    }

    /// <summary>
    /// A lent thread has found the queue empty and gives up the gate only now: whoever adds meanwhile has to wait for it, or nobody is woken while the pool's threads block. Nor is an
    /// interruption an excuse that a callback left on the thread which adds.
    /// </summary>
    [Fact]
    public async Task Add_LentThreadIsAboutToWait_WakesItAllTheSame()
    {
        using AutoLoops loops = new();
        object gate = new();
        SlowCallbackQueue queue = new(_ => { }, gate);
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MeasuredCallback callback = new(loops.Auto, new WorkItem(_ => done.SetResult(), null, new RecordingItemOwner()));
        Thread lent = new(() => queue.TryRunOne(Timeout.InfiniteTimeSpan, out _)) { IsBackground = true };
        Thread adder = new(() =>
        {
            Thread.CurrentThread.Interrupt();
            queue.Add(callback);
        })
        { IsBackground = true };
        lent.Start();
        await Waiting.UntilAsync(() => lent.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin));

        lock (gate)
        {
            adder.Start();
            Assert.True(SpinWait.SpinUntil(() => !adder.IsAlive || adder.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), Waiting.Limit));
        }

        await done.Task.WithTimeout();
        lent.JoinWithTimeout();
        adder.JoinWithTimeout();
    }

    /// <summary>A pool thread was quicker: the lent one looks whether it is needed any longer, instead of waiting anew.</summary>
    [Fact]
    public async Task TryRunOne_ThePoolTakesWhatItWasWokenFor_ReturnsToItsCaller()
    {
        using AutoLoops loops = new();
        object gate = new();
        SlowCallbackQueue queue = new(static item => item.Execute(), gate);
        bool ran = true;
        Thread lent = new(() => ran = queue.TryRunOne(Timeout.InfiniteTimeSpan, out _)) { IsBackground = true };
        lent.Start();
        await Waiting.UntilAsync(() => lent.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin));

        lock (gate)
        {
            queue.Add(new MeasuredCallback(loops.Auto, new WorkItem(_ => { }, null, new RecordingItemOwner())));
            Assert.True(SpinWait.SpinUntil(() => queue.IsEmpty, Waiting.Limit));
        }

        lent.JoinWithTimeout();
        Assert.False(ran);
    }

    /// <summary>
    /// Lent threads and the pool's race for each callback, in bursts that let the queue run dry. Then the pool is alone: had a work item taken itself for a spare one wrongly, or had one
    /// been counted too often, a callback would stay behind. At the end each work item has ended.
    /// </summary>
    [Fact]
    public void TryRunOne_WhilePoolThreadsDoToo_RunsEachOnceAndLeavesNoWorkItem()
    {
        const int Bursts = 5_000;
        using AutoLoops loops = new();
        using CancellationTokenSource end = new();
        int open = 0;
        SlowCallbackQueue queue = new(item =>
        {
            Interlocked.Increment(ref open);
            ThreadPool.UnsafeQueueUserWorkItem(new CountedItem(item, () => Interlocked.Decrement(ref open)), preferLocal: false);
        });
        Thread[] lent = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                queue.TryRunOne(TimeSpan.FromMilliseconds(1), out bool _);
            }
        }) { IsBackground = true })];
        foreach (Thread thread in lent)
        {
            thread.Start();
        }

        int onLent = 0;
        int onPool = 0;
        try
        {
            // Where other tests keep the pool busy, it takes longer until it has been first for once.
            Stopwatch clock = Stopwatch.StartNew();
            for (int i = 0; i < Bursts || ((onLent == 0 || onPool == 0) && clock.Elapsed < Waiting.Limit); i++)
            {
                RunBurst();
            }
        }
        finally
        {
            end.Cancel();
        }

        Assert.All(lent, thread => thread.JoinWithTimeout());
        Assert.NotEqual(0, onLent);
        Assert.NotEqual(0, onPool);
        int before = onLent;
        RunBurst();
        Assert.Equal(before, onLent);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref open) == 0, Waiting.Limit), $"{open} work items have not ended.");

        void RunBurst()
        {
            const int Burst = 8;
            int[] runs = new int[Burst];
            using CountdownEvent left = new(Burst);
            RecordingItemOwner owner = new();
            for (int i = 0; i < Burst; i++)
            {
                queue.Add(new MeasuredCallback(loops.Auto, new WorkItem(state =>
                {
                    Interlocked.Increment(ref runs[(int)state!]);
                    Interlocked.Increment(ref Thread.CurrentThread.IsThreadPoolThread ? ref onPool : ref onLent);
                    left.Signal();
                }, i, owner)));
            }

            left.WaitWithTimeout();
            Assert.All(runs, run => Assert.Equal(1, run));
        }
    }

    private void Add(AutoLoops loops, RecordingItemOwner owner, Action<object?> callback, object? state = null)
        => _queue.Add(new MeasuredCallback(loops.Auto, new WorkItem(callback, state, owner)));

    private sealed class CountedItem(IThreadPoolWorkItem item, Action ended) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            item.Execute();
            ended();
        }
    }
}

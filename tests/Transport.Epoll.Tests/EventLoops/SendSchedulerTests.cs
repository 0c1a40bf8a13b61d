using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class SendSchedulerTests
{
    private const int LargeSend = 64 * 1024;

    [Fact]
    public async Task Schedule_LoopSleeps_RunsTwoInPlaceAndPostsTheNext()
    {
        ScriptedKernel kernel = new();
        TaskCompletionSource asleep = new(TaskCreationOptions.RunContinuationsAsynchronously);
        kernel.WaitEntered = timeout =>
        {
            if (timeout < 0)
            {
                asleep.TrySetResult();
            }
        };
        using TestLoop test = new(kernel);
        Thread loopThread = test.Thread;
        asleep = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await test.RunAsync(() => 0);
        await asleep.Task.WithTimeout();

        SendScheduler scheduler = new(test.Loop);
        List<Thread> inPlace = [];
        TaskCompletionSource<Thread> posted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scheduler.Schedule(_ => inPlace.Add(Thread.CurrentThread), null);
        scheduler.Schedule(_ => inPlace.Add(Thread.CurrentThread), null);
        Thread caller = Thread.CurrentThread;
        scheduler.Schedule(_ => posted.SetResult(Thread.CurrentThread), null);

        Assert.Equal([caller, caller], inPlace);
        Assert.Same(loopThread, await posted.Task.WithTimeout());
    }

    [Fact]
    public async Task Schedule_LoopAwake_Posts()
    {
        using TestLoop test = new();
        using ManualResetEventSlim gate = await test.HoldAsync();
        TaskCompletionSource<Thread> posted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        new SendScheduler(test.Loop).Schedule(_ => posted.SetResult(Thread.CurrentThread), null);

        Assert.False(posted.Task.IsCompleted);
        gate.Set();
        Assert.Same(test.Thread, await posted.Task.WithTimeout());
    }

    [Fact]
    public async Task Schedule_LoopScheduler_NeverRunsInPlace()
    {
        using TestLoop test = new();
        TaskCompletionSource<Thread> posted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        test.Loop.Scheduler.Schedule(_ => posted.SetResult(Thread.CurrentThread), null);

        Assert.Same(test.Thread, await posted.Task.WithTimeout());
    }

    [Fact]
    public async Task Schedule_FromAnApplicationItem_IsPosted()
    {
        using TestLoop test = new();
        TaskCompletionSource<Thread> posted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        bool inPlace = await new RecordingItemOwner().RunAsync(test.Loop, () =>
        {
            new SendScheduler(test.Loop).Schedule(_ => posted.SetResult(Thread.CurrentThread), null);
            return posted.Task.IsCompleted;
        });

        Assert.False(inPlace);
        Assert.Same(test.Thread, await posted.Task.WithTimeout());
    }

    [Fact]
    public async Task Schedule_ManySendsForWhatWasReceived_WaitsInThePool()
    {
        using TestLoop test = new();
        SendScheduler scheduler = new(test.Loop);
        for (int i = 0; i < 16; i++)
        {
            scheduler.OnSent(100);
        }

        for (int i = 0; i < 8; i++)
        {
            scheduler.OnReceived();
        }

        TaskCompletionSource<Thread> posted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scheduler.Schedule(_ => posted.SetResult(Thread.CurrentThread), null);

        Assert.True((await posted.Task.WithTimeout()).IsThreadPoolThread);
    }

    [Fact]
    public async Task Schedule_AfterALargeSend_RunsInPlaceEvenInACallback()
    {
        using TestLoop test = new();
        SendScheduler scheduler = new(test.Loop);
        scheduler.OnSent(LargeSend);

        bool inPlace = await new RecordingItemOwner().RunAsync(test.Loop, () => RunsInPlace(scheduler));

        Assert.True(inPlace);
    }

    [Fact]
    public async Task Schedule_LargeSendsBeyondTheirShare_LeaveTheNextToTheLoopUntilSomethingIsReceived()
    {
        using TestLoop test = new();
        SendScheduler scheduler = new(test.Loop);

        bool[] inPlace = await new RecordingItemOwner().RunAsync(test.Loop, () =>
        {
            List<bool> ran = [];
            for (int i = 0; i < 16; i++)
            {
                scheduler.OnSent(LargeSend);
                ran.Add(RunsInPlace(scheduler));
            }

            for (int i = 0; i < 15; i++)
            {
                scheduler.OnSent(LargeSend);
            }

            scheduler.OnReceived();
            ran.Add(RunsInPlace(scheduler));
            return ran.ToArray();
        });

        Assert.Equal([.. Enumerable.Repeat(true, 15), false, true], inPlace);
    }

    [Fact]
    public async Task Schedule_AfterASmallSend_IsPostedAgain()
    {
        using TestLoop test = new();
        SendScheduler scheduler = new(test.Loop);
        scheduler.OnSent(LargeSend);
        scheduler.OnSent(100);

        bool inPlace = await new RecordingItemOwner().RunAsync(test.Loop, () => RunsInPlace(scheduler));

        Assert.False(inPlace);
    }

    [Fact]
    public async Task Schedule_ManyLargeSends_AreNotCoalescedInThePool()
    {
        using TestLoop test = new();
        SendScheduler scheduler = new(test.Loop);
        for (int i = 0; i < 8; i++)
        {
            scheduler.OnSent(LargeSend);
            scheduler.OnSent(LargeSend);
            scheduler.OnReceived();
        }

        bool inPlace = await new RecordingItemOwner().RunAsync(test.Loop, () => RunsInPlace(scheduler));

        Assert.True(inPlace);
    }

    /// <summary>The pump may find more to send while it asks for it, and is scheduled within itself.</summary>
    [Fact]
    public void Schedule_WithinASendInPlace_CountsOnce()
    {
        using TestLoop test = new();
        SendScheduler scheduler = new(test.Loop);
        scheduler.OnSent(LargeSend);
        long before = LoopThread.Sending;
        long start = Stopwatch.GetTimestamp();

        scheduler.Schedule(_ => scheduler.Schedule(_ => SpinFor20Milliseconds(), null), null);

        Assert.InRange(LoopThread.Sending - before, 1, Stopwatch.GetTimestamp() - start);
    }

    [Fact]
    public void Schedule_InPlace_CountsAsTheThreadsSending()
    {
        using TestLoop test = new();
        SendScheduler scheduler = new(test.Loop);
        scheduler.OnSent(LargeSend);
        long before = LoopThread.Sending;

        scheduler.Schedule(_ => SpinFor20Milliseconds(), null);

        Assert.True(Stopwatch.GetElapsedTime(before, LoopThread.Sending) >= TimeSpan.FromMilliseconds(20));
    }

    private static void SpinFor20Milliseconds()
    {
        long start = Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(20));
    }

    private static bool RunsInPlace(SendScheduler scheduler)
    {
        bool ran = false;
        Thread caller = Thread.CurrentThread;
        scheduler.Schedule(_ => ran = ReferenceEquals(Thread.CurrentThread, caller), null);
        return ran;
    }
}

using System.Net.Sockets;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class EventLoopLifetimeTests
{
    private readonly ScriptedKernel _kernel = new();

    [Fact]
    public async Task Start_Always_RunsOnANamedBackgroundThread()
    {
        using TestLoop test = new(name: "epoll-loop-1023");

        Thread thread = test.Thread;

        Assert.True(thread.IsBackground);
        Assert.False(thread.IsThreadPoolThread);
        Assert.Equal("epoll-loop-1023", thread.Name);
        Assert.InRange(thread.Name!.Length, 1, 15);
    }

    [Fact]
    public async Task Stop_IdleLoop_ClosesBothDescriptors()
    {
        TestLoop test = new(_kernel);

        test.Dispose();

        Assert.Equal(2, _kernel.Closed.Distinct().Count());
        Assert.Equal(2, _kernel.OnClose.Calls);
        Assert.Empty(test.Faults);
    }

    [Fact]
    public async Task Stop_FromTheLoopItself_Ends()
    {
        TestLoop test = new(_kernel);
        Thread thread = test.Thread;

        test.Loop.Post(state => ((EventLoop)state!).Stop(), test.Loop);

        thread.JoinWithTimeout();
        Assert.Equal(2, _kernel.OnClose.Calls);
    }

    /// <summary>On the pool it would end the process.</summary>
    [Fact]
    public async Task Post_ClosedLoopAndTheItemThrows_IsReported()
    {
        TestLoop test = new();
        test.Dispose();
        InvalidOperationException thrown = new();

        test.Loop.Post(_ => throw thrown, null);

        await Waiting.UntilAsync(() => test.Faults.Contains(thrown));
    }

    [Fact]
    public async Task Post_ClosedLoop_RunsOnThePool()
    {
        TestLoop test = new();
        test.Dispose();

        Assert.True(await test.RunAsync(() => Thread.CurrentThread.IsThreadPoolThread));
        Assert.True(await new RecordingItemOwner().RunAsync(test.Loop, () => Thread.CurrentThread.IsThreadPoolThread));
    }

    [Fact]
    public async Task Post_RacesWithStop_RunsEveryItem()
    {
        for (int round = 0; round < 100; round++)
        {
            TestLoop test = new();
            Thread thread = test.Thread;
            using Barrier together = new(2);
            Task stopper = Task.Factory.StartNew(() =>
            {
                together.SignalAndWait(Waiting.Limit);
                test.Loop.Stop();
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            together.SignalAndWait(Waiting.Limit);

            Task[] items = [.. Enumerable.Range(0, 50).Select(i => test.RunAsync(() => i))];

            await Task.WhenAll(items).WithTimeout();
            await stopper.WithTimeout();
            thread.JoinWithTimeout();
        }
    }

    [Fact]
    public async Task Post_LoopAboutToSleep_WakesIt()
    {
        // The item is posted when the loop has looked at its queue for the last time and is about to wait.
        using TestLoop test = new(_kernel);
        TaskCompletionSource ran = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int posted = 0;
        _kernel.WaitEntered = timeout =>
        {
            if (timeout < 0 && Interlocked.Exchange(ref posted, 1) == 0)
            {
                Thread poster = new(() => test.Loop.Post(_ => ran.SetResult(), null)) { IsBackground = true };
                poster.Start();
                poster.Join(Waiting.Limit);
            }
        };

        await test.RunAsync(() => 0);

        await ran.Task.WithTimeout();
    }

    [Fact]
    public async Task Drive_WaitInterrupted_GoesOn()
    {
        _kernel.OnEpollWait.Fail(Errno.EINTR, Errno.EINTR);
        using TestLoop test = new(_kernel);

        Assert.Equal(1, await test.RunAsync(() => 1));
    }

    [Fact]
    public async Task Drive_WaitFails_EndsLoudlyAndHandsItemsToThePool()
    {
        TestLoop test = new(_kernel);
        Thread thread = test.Thread;
        _kernel.OnEpollWait.FailAlways(Errno.EBADF);
        test.Loop.Post(_ => { }, null);

        Exception failure = await test.FailedAsync();

        Assert.IsType<SocketException>(failure.InnerException);
        thread.JoinWithTimeout();
        Assert.Equal(2, _kernel.OnClose.Calls);
        Assert.True(await test.RunAsync(() => Thread.CurrentThread.IsThreadPoolThread));
    }

    [Fact]
    public async Task Drive_WakeCannotBeRegistered_EndsLoudly()
    {
        _kernel.OnEpollAdd.Fail(Errno.ENOSPC);
        TestLoop test = new(_kernel);

        Assert.IsType<SocketException>(await test.FailedAsync());
        Assert.True(await test.RunAsync(() => Thread.CurrentThread.IsThreadPoolThread));
    }

    [Fact]
    public void Constructor_NoSecondDescriptor_ClosesTheFirst()
    {
        _kernel.OnEventFdCreate.Fail(Errno.EMFILE);

        Assert.Throws<SocketException>(() => new TestLoop(_kernel));

        Assert.Single(_kernel.Closed);
    }

    [Fact]
    public async Task ConnectionCount_AddAndRemove_Counts()
    {
        using TestLoop test = new();

        test.Loop.Counters.Shared.OnConnection();
        test.Loop.Counters.Shared.OnConnection();
        test.Loop.Counters.Shared.OnConnectionEnded(ConnectionEnd.ServerClosed);

        Assert.Equal(1, test.Loop.ConnectionCount);
    }

    [Fact]
    public async Task Forget_LoopHasFailed_DoesNothing()
    {
        // What is left of the connections of a failed loop runs on the pool, on several threads at once.
        TestLoop test = new(_kernel);
        ulong token = await test.RunAsync(() =>
        {
            using EventFd descriptor = new(Kernel.Linux);
            test.Loop.Register(descriptor.Number, new StubHandler(), EpollEvents.In, out ulong token).ThrowIfFailed();
            return token;
        });
        _kernel.OnEpollWait.FailAlways(Errno.EBADF);
        test.Loop.Post(_ => { }, null);
        await test.FailedAsync();

        await test.RunAsync(() =>
        {
            test.Loop.Forget(token);
            return 0;
        });
    }
}

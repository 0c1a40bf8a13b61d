using System.Collections.Concurrent;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>A real, running loop whose end and faults a test can see. It never spins.</summary>
internal sealed class TestLoop : IDisposable
{
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _isOwnThread;

    public TestLoop(Kernel? kernel = null, string name = "epoll-loop-1")
    {
        Loop = new EventLoop(name, kernel ?? Kernel.Linux, new SpinPolicy(0, 1), processor: null, Faults.Enqueue, OnEnded);
        LoopStates.Watch(Loop);
        using ManualResetEventSlim started = new();
        Loop.Post(_ =>
        {
            Thread = Thread.CurrentThread;
            _isOwnThread = !Thread.IsThreadPoolThread;
            started.Set();
        }, null);
        new DriverThreads(1, 0, 0, TimeSpan.Zero).Start(name, Loop.Drive);
        started.WaitWithTimeout();
    }

    public EventLoop Loop { get; }

    /// <summary>The loop's thread.</summary>
    public Thread Thread { get; private set; } = Thread.CurrentThread;

    /// <summary>What loop items threw.</summary>
    public ConcurrentQueue<Exception> Faults { get; } = new();

    /// <summary>Why the loop could not go on.</summary>
    public Task<Exception> FailedAsync() => _failed.Task.WithTimeout();

    /// <summary>Runs a function as a loop item.</summary>
    public Task<T> RunAsync<T>(Func<T> function)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(_ =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        }, null);
        return done.Task.WithTimeout();
    }

    /// <summary>Lets two turns pass: what was posted or injected before has been handled after.</summary>
    public async Task PassTwoTurnsAsync()
    {
        await RunAsync(() => 0);
        await RunAsync(() => 0);
    }

    /// <summary>Keeps the loop busy until the gate is set.</summary>
    public async Task<ManualResetEventSlim> HoldAsync()
    {
        ManualResetEventSlim gate = new();
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(_ =>
        {
            held.SetResult();
            gate.Wait(Waiting.Limit);
        }, null);
        await held.Task.WithTimeout();
        return gate;
    }

    private void OnEnded(Exception? failure)
    {
        if (failure is not null)
        {
            _failed.SetResult(failure);
        }
    }

    /// <summary>Ends the loop and waits for it.</summary>
    public void Dispose()
    {
        Loop.Stop();
        if (_isOwnThread)
        {
            Thread.JoinWithTimeout();
        }

        LoopStates.Forget(Loop);
    }
}

using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.MicroBench.Support;

/// <summary>One real, running loop, made as the factory makes those of an app; in the Auto mode its watchdog runs too.</summary>
/// <remarks>The benchmark's thread; what it hands to <see cref="Run"/> runs on the loop.</remarks>
internal sealed class BenchLoop
{
    private readonly EventLoopGroup _group;
    private readonly Gate _done = new();
    private Action? _work;
    private ExceptionDispatchInfo? _failure;

    public BenchLoop(EpollScheduling scheduling, int spinMicroseconds = 0, int? processor = null)
    {
        _group = EventLoopFactory.CreateGroup(Kernel.Linux, 1, spinMicroseconds, processor is null ? null : [processor.Value],
            scheduling == EpollScheduling.Auto ? AutoDefaults.Times : null, new SchedulingCounters(null), NullLogger.Instance, static () => { });
        _group.Failed += static exception => Environment.FailFast("The loop failed.", exception);
    }

    public EventLoopGroup Group => _group;

    public EventLoop Loop => _group.Loops[0];

    /// <summary>
    /// Runs <paramref name="work"/> as a loop item, as the holder of the lease, and waits for it. The wait costs some wake-ups: it should repeat
    /// what is measured so often that they don't count.
    /// </summary>
    public void Run(Action work)
    {
        _work = work;
        Loop.Post(static state => ((BenchLoop)state!).RunWork(), this);
        Waiting.Until(_done);
        _failure?.Throw();
    }

    public void Stop() => _group.Release();

    private void RunWork()
    {
        try
        {
            _work!();
        }
#pragma warning disable CA1031 // Thrown again on the benchmark's thread.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }

        _done.Open();
    }
}

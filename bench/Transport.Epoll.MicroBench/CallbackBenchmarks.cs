using BenchmarkDotNet.Attributes;
using Transport.Epoll.EventLoops;
using Transport.Epoll.MicroBench.Support;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.MicroBench;

/// <summary>The parts of what surrounds one application callback on a loop. They run on the thread of a real loop, as the holder of its lease.</summary>
[MemoryDiagnoser]
public class CallbackBenchmarks
{
    private const int Callbacks = 1_000_000;

    private readonly BenchOwner _owner = new();
    private readonly CallbackPolicy _policy = new("bench", 0, AutoDefaults.Create());
    private readonly Action _lease;
    private readonly Action _isolation;
    private readonly Action _decisions;
    private BenchLoop? _loop;

    public CallbackBenchmarks()
    {
        _lease = EnterAndLeave;
        _isolation = RestoreThread;
        _decisions = Decide;
    }

    [GlobalSetup]
    public void Setup()
    {
        _loop = new BenchLoop(EpollScheduling.Inline); // no watchdog looks at its lease
        _loop.Run(() => _policy.OnDriver());
    }

    [GlobalCleanup]
    public void Cleanup() => _loop!.Stop();

    /// <summary>The lease's word, there and back.</summary>
    [Benchmark(OperationsPerInvoke = Callbacks)]
    public void Lease() => _loop!.Run(_lease);

    /// <summary>Looks what the callback left on the thread: nothing.</summary>
    [Benchmark(OperationsPerInvoke = Callbacks)]
    public void Isolation() => _loop!.Run(_isolation);

    /// <summary>Auto only: may it run here, and was it quick.</summary>
    [Benchmark(OperationsPerInvoke = Callbacks)]
    public void Policy() => _loop!.Run(_decisions);

    private void EnterAndLeave()
    {
        LoopLease lease = _loop!.Loop.Lease;
        for (int i = 0; i < Callbacks; i++)
        {
            long entered = lease.Enter(_owner, now: 0);
            if (!lease.TryLeave(entered))
            {
                throw new InvalidOperationException("The lease was lost.");
            }
        }
    }

    private static void RestoreThread()
    {
        for (int i = 0; i < Callbacks; i++)
        {
            CallbackIsolation.Restore(Thread.CurrentThread.Name);
        }
    }

    private void Decide()
    {
        for (int i = 0; i < Callbacks; i++)
        {
            if (_policy.MayRunInline(_owner))
            {
                _policy.OnRan(_owner, start: 0, end: 1);
            }
        }
    }
}

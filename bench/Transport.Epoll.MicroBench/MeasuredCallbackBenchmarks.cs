using BenchmarkDotNet.Attributes;
using Transport.Epoll.EventLoops;
using Transport.Epoll.MicroBench.Support;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.MicroBench;

/// <summary>Application items of connections that the Auto mode keeps on the thread pool; each figure is of one callback.</summary>
[MemoryDiagnoser]
public class MeasuredCallbackBenchmarks
{
    private const int Callbacks = 10_000;

    private readonly BenchOwner _owner = new();
    private readonly AutoScheduling _auto = AutoDefaults.Create(AutoDefaults.Times with { QuickCallbacks = int.MaxValue }); // no way back to the loop
    private readonly CallbackPolicy _policy;
    private readonly WorkItem _empty;
    private readonly WorkItem _counting;
    private readonly Action _toPool;
    private BenchLoop? _loop;
    private int _ran;

    public MeasuredCallbackBenchmarks()
    {
        _policy = new CallbackPolicy("bench", 0, _auto);
        _empty = new WorkItem(static _ => { }, null, _owner);
        _counting = new WorkItem(_ => Interlocked.Increment(ref _ran), null, _owner);
        _toPool = SendToPool;
        _owner.Callbacks.TryMoveToPool();
    }

    [GlobalSetup]
    public void Setup() => _loop = new BenchLoop(EpollScheduling.Auto);

    [GlobalCleanup]
    public void Cleanup() => _loop!.Stop();

    /// <summary>Made and executed on one thread: what the measuring costs.</summary>
    [Benchmark]
    public void Execute() => new MeasuredCallback(_auto, _empty).Run();

    /// <summary>From the loop's decision until the pool has run it.</summary>
    [Benchmark(OperationsPerInvoke = Callbacks)]
    public void RunOnPool()
    {
        int target = Volatile.Read(ref _ran) + Callbacks;
        _loop!.Run(_toPool);
        Waiting.UntilReached(ref _ran, target);
    }

    private void SendToPool()
    {
        for (int i = 0; i < Callbacks; i++)
        {
            if (!_policy.MayRunInline(_owner))
            {
                _policy.RunOnPool(_counting);
            }
        }
    }
}

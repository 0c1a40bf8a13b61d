using BenchmarkDotNet.Attributes;
using Transport.Epoll.EventLoops;
using Transport.Epoll.MicroBench.Support;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.MicroBench;

/// <summary>
/// A turn's share of the run queue: each figure is of one item, queued and run. It runs on the thread of a real loop, as the holder of its lease,
/// with a queue of its own; its callbacks are user code to the loop's watchdog as always.
/// </summary>
[MemoryDiagnoser]
public class RunQueueBenchmarks
{
    private const int ItemsPerTurn = 256;
    private const int Turns = 400;
    private const int Items = ItemsPerTurn * Turns;

    private static readonly Action s_nothingToSend = static () => { };
    private static readonly BenchOwner s_owner = new();

    private readonly Action _turns;
    private WorkItem _item;
    private RunQueue? _queue;
    private BenchLoop? _loop;

    public RunQueueBenchmarks() => _turns = RunTurns;

    [Params(EpollScheduling.Inline, EpollScheduling.Auto)]
    public EpollScheduling Scheduling { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _loop = new BenchLoop(Scheduling);
        CallbackPolicy? policy = Scheduling == EpollScheduling.Auto ? new CallbackPolicy("bench", 0, AutoDefaults.Create()) : null;
        _queue = new RunQueue(_loop.Loop, policy, static exception => Environment.FailFast("A loop item failed.", exception));
        _loop.Run(() => policy?.OnDriver());
    }

    [GlobalCleanup]
    public void Cleanup() => _loop!.Stop();

    [Benchmark(OperationsPerInvoke = Items)]
    public void LoopItems()
    {
        _item = new WorkItem(static _ => { }, null, null);
        _loop!.Run(_turns);
    }

    [Benchmark(OperationsPerInvoke = Items)]
    public void ApplicationItems()
    {
        _item = new WorkItem(static _ => { }, null, s_owner);
        _loop!.Run(_turns);
    }

    private void RunTurns()
    {
        for (int turn = 0; turn < Turns; turn++)
        {
            for (int i = 0; i < ItemsPerTurn; i++)
            {
                _queue!.Enqueue(_item);
            }

            if (!_queue!.RunTurn(s_nothingToSend))
            {
                throw new InvalidOperationException("The lease was lost.");
            }
        }
    }
}

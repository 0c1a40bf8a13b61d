using BenchmarkDotNet.Attributes;
using Transport.Epoll.MicroBench.Support;

namespace Transport.Epoll.MicroBench;

/// <summary>
/// A turn with one callback, as in <see cref="LoopTurnBenchmarks"/>, without and with somebody who listens to the loop's meter. What the listener itself allocates and runs is on its own thread.
/// </summary>
[MemoryDiagnoser]
public class ObservedTurnBenchmarks
{
    private const int Turns = 64_000;

    private readonly Gate _done = new();
    private readonly BenchOwner _owner = new();
    private BenchLoop? _loop;
    private LoopListener? _listener;
    private int _left;

    [Params(EpollScheduling.Inline, EpollScheduling.Auto)]
    public EpollScheduling Scheduling { get; set; }

    [Params(false, true)]
    public bool Observed { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _loop = new BenchLoop(Scheduling);
        _listener = Observed ? new LoopListener(_loop.Group) : null;
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _listener?.Dispose();
        _loop!.Stop();
    }

    [Benchmark(OperationsPerInvoke = Turns)]
    public void Turn()
    {
        _left = Turns;
        _loop!.Run(Post);
        Waiting.Until(_done);
    }

    private void Post() => _loop!.Loop.Post(static state => ((ObservedTurnBenchmarks)state!).OnTurn(), this, _owner);

    private void OnTurn()
    {
        if (--_left > 0)
        {
            Post();
        }
        else
        {
            _done.Open();
        }
    }
}

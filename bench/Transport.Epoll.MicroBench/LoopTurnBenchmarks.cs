using BenchmarkDotNet.Attributes;
using Transport.Epoll.EventLoops;
using Transport.Epoll.MicroBench.Support;

namespace Transport.Epoll.MicroBench;

/// <summary>
/// Turns of a real loop that never runs out of work: each item posts itself again, so it runs once a turn. With one item a figure is that of a
/// turn, most of it the system call that looks for events; with many it is nearly that of an item.
/// </summary>
[MemoryDiagnoser]
public class LoopTurnBenchmarks
{
    private const int Items = 64_000;

    private readonly Gate _done = new();
    private readonly List<Chain> _chains = [];
    private BenchLoop? _loop;
    private int _running;

    [Params(EpollScheduling.Inline, EpollScheduling.Auto)]
    public EpollScheduling Scheduling { get; set; }

    [Params(1, 64)]
    public int ItemsPerTurn { get; set; }

    [GlobalSetup(Target = nameof(LoopItems))]
    public void SetupLoopItems() => Setup(ownerOfEach: static () => null);

    [GlobalSetup(Target = nameof(ApplicationItems))]
    public void SetupApplicationItems() => Setup(ownerOfEach: static () => new BenchOwner());

    [GlobalCleanup]
    public void Cleanup() => _loop!.Stop();

    [Benchmark(OperationsPerInvoke = Items)]
    public void LoopItems() => RunChains();

    /// <summary>Callbacks of as many connections.</summary>
    [Benchmark(OperationsPerInvoke = Items)]
    public void ApplicationItems() => RunChains();

    private void Setup(Func<BenchOwner?> ownerOfEach)
    {
        _loop = new BenchLoop(Scheduling);
        for (int i = 0; i < ItemsPerTurn; i++)
        {
            _chains.Add(new Chain(this, ownerOfEach()));
        }
    }

    private void RunChains()
    {
        _running = ItemsPerTurn;
        _loop!.Run(StartChains);
        Waiting.Until(_done);
    }

    /// <summary>On the loop, so that all have their first turn together.</summary>
    private void StartChains()
    {
        foreach (Chain chain in _chains)
        {
            chain.Start(_loop!.Loop, Items / ItemsPerTurn);
        }
    }

    /// <summary>An item that posts itself again. Its count is its own: a take-over can't meddle with it.</summary>
    private sealed class Chain(LoopTurnBenchmarks benchmark, BenchOwner? owner)
    {
        private EventLoop? _loop;
        private int _left;

        public void Start(EventLoop loop, int count)
        {
            _loop = loop;
            _left = count;
            Post();
        }

        private void Post() => _loop!.Post(static state => ((Chain)state!).OnTurn(), this, owner);

        private void OnTurn()
        {
            if (--_left > 0)
            {
                Post();
            }
            else if (Interlocked.Decrement(ref benchmark._running) == 0)
            {
                benchmark._done.Open();
            }
        }
    }
}

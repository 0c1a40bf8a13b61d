using BenchmarkDotNet.Attributes;
using Transport.Epoll.EventLoops;
using Transport.Epoll.MicroBench.Support;

namespace Transport.Epoll.MicroBench;

/// <summary>Application items that a foreign thread posts to a real loop, from the post until the callback has run, on two processors.</summary>
[MemoryDiagnoser]
public class LoopPostBenchmarks
{
    private const int Posts = 10_000;

    private static readonly BenchOwner s_owner = new();

    private BenchLoop? _loop;
    private int _ran;

    [Params(EpollScheduling.Inline, EpollScheduling.Auto)]
    public EpollScheduling Scheduling { get; set; }

    /// <summary>A loop that blocks as soon as it has nothing to do.</summary>
    [GlobalSetup(Targets = [nameof(WakeSleeper), nameof(PostMany)])]
    public void StartLoop() => Start(spinMicroseconds: 0);

    /// <summary>A loop that polls for a while before it blocks, as it does by default.</summary>
    [GlobalSetup(Target = nameof(RoundTripWhilePolling))]
    public void StartPollingLoop() => Start(new EpollTransportOptions().SpinDuration);

    [GlobalCleanup]
    public void Cleanup() => _loop!.Stop();

    /// <summary>The loop sleeps before each post, so each costs a wake-up; its falling asleep counts too.</summary>
    [Benchmark]
    public void WakeSleeper()
    {
        SpinWait spin = default;
        long start = Environment.TickCount64;
        while (!LoopLease.IsWaiting(_loop!.Loop.Lease.Word))
        {
            Waiting.SpinOnce(ref spin, start);
        }

        RoundTrip();
    }

    /// <summary>The next post comes as soon as the last one ran, mostly while the loop still polls.</summary>
    [Benchmark]
    public void RoundTripWhilePolling() => RoundTrip();

    /// <summary>One item of many that are posted without waiting.</summary>
    [Benchmark(OperationsPerInvoke = Posts)]
    public void PostMany()
    {
        int target = Volatile.Read(ref _ran) + Posts;
        for (int i = 0; i < Posts; i++)
        {
            Post();
        }

        Waiting.UntilReached(ref _ran, target);
    }

    private void Start(int spinMicroseconds)
    {
        _loop = new BenchLoop(Scheduling, spinMicroseconds, Processors.Last);
        Processors.Bind(Processors.First);
    }

    private void RoundTrip()
    {
        int target = Volatile.Read(ref _ran) + 1;
        Post();
        Waiting.UntilReached(ref _ran, target);
    }

    private void Post() => _loop!.Loop.Post(static state => Interlocked.Increment(ref ((LoopPostBenchmarks)state!)._ran), this, s_owner);
}

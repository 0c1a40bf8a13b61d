using BenchmarkDotNet.Attributes;
using Transport.Epoll.EventLoops;
using Transport.Epoll.MicroBench.Support;

namespace Transport.Epoll.MicroBench;

/// <summary>The queue between other threads and a loop: each figure is of one item, posted and taken. The loop's wake-up is a no-op here.</summary>
[MemoryDiagnoser]
public class WorkQueueBenchmarks
{
    private const int Batch = 64;
    private const int Produced = 100_000;

    private static readonly WorkItem s_item = new(static _ => { }, null, null);

    private readonly WorkQueue _queue = new(static () => { });
    private Producer? _producer;

    [GlobalSetup(Target = nameof(EnqueueOnProducerAndDrain))]
    public void StartProducer()
    {
        _producer = new Producer(_queue, s_item, Produced, Processors.Last);
        Processors.Bind(Processors.First);
    }

    [GlobalCleanup(Target = nameof(EnqueueOnProducerAndDrain))]
    public void StopProducer() => _producer!.Stop();

    /// <summary>One item at a time, the loop awake.</summary>
    [Benchmark]
    public bool EnqueueAndDequeue()
    {
        _queue.Enqueue(s_item);
        return _queue.TryDequeue(out _);
    }

    /// <summary>One item at a time, for a loop that falls asleep before each.</summary>
    [Benchmark]
    public bool EnqueueToSleeperAndDequeue()
    {
        _queue.TryEnterSleep();
        _queue.Enqueue(s_item);
        _queue.LeaveSleep();
        return _queue.TryDequeue(out _);
    }

    [Benchmark(OperationsPerInvoke = Batch)]
    public void EnqueueAndDrainBatch()
    {
        for (int i = 0; i < Batch; i++)
        {
            _queue.Enqueue(s_item);
        }

        while (_queue.TryDequeue(out _))
        {
        }
    }

    /// <summary>A thread on another processor enqueues as fast as it can while this one drains.</summary>
    [Benchmark(OperationsPerInvoke = Produced)]
    public void EnqueueOnProducerAndDrain()
    {
        _producer!.Go();
        SpinWait spin = default;
        long start = Environment.TickCount64;
        for (int left = Produced; left > 0;)
        {
            if (_queue.TryDequeue(out _))
            {
                left--;
                spin.Reset();
            }
            else
            {
                Waiting.SpinOnce(ref spin, start);
            }
        }
    }
}

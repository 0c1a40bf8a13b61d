using BenchmarkDotNet.Attributes;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.MicroBench;

/// <summary>What one edge costs a pump beside its system calls. The setter and the pump share a thread, as on a loop.</summary>
[MemoryDiagnoser]
public class ReadinessSignalBenchmarks
{
    private readonly ReadinessSignal _signal = new(ready: false);
    private readonly Action _resume;
    private bool _stopping;
    private int _resumed;

    public ReadinessSignalBenchmarks() => _resume = () => _resumed++;

    /// <summary>The pump waits in its await.</summary>
    [GlobalSetup(Target = nameof(SetResumesPump))]
    public void StartPump() => _ = PumpAsync();

    [GlobalCleanup(Target = nameof(SetResumesPump))]
    public void StopPump()
    {
        _stopping = true;
        _signal.Set();
    }

    /// <summary>An edge that nobody waits for, and the call that drains the descriptor.</summary>
    [Benchmark]
    public void SetAndClear()
    {
        _signal.Set();
        _signal.Clear(_signal.Edge);
    }

    /// <summary>A waiter, the edge that resumes it, and its clear.</summary>
    [Benchmark]
    public int WaitSetAndClear()
    {
        _signal.UnsafeOnCompleted(_resume);
        _signal.Set();
        _signal.Clear(_signal.Edge);
        return _resumed;
    }

    /// <summary>An edge resumes an async method, which clears and awaits the next.</summary>
    [Benchmark]
    public int SetResumesPump()
    {
        _signal.Set();
        return _resumed;
    }

    private async Task PumpAsync()
    {
        while (!_stopping)
        {
            await _signal;
            _signal.Clear(_signal.Edge);
            _resumed++;
        }
    }
}

using BenchmarkDotNet.Attributes;
using Transport.Epoll.EventLoops;
using Transport.Epoll.MicroBench.Support;
using Transport.Epoll.Native;

namespace Transport.Epoll.MicroBench;

/// <summary>The table of a loop's handlers, with as many as it has connections; each figure is of one token.</summary>
[MemoryDiagnoser]
public class HandlerTableBenchmarks
{
    private const int Lookups = 16_384;

    /// <summary>As many descriptors as one batch of events can close.</summary>
    private const int Batch = 128;

    private readonly HandlerTable _table = new();
    private readonly IdleHandler _handler = new();
    private readonly ulong[] _tokens = new ulong[Lookups];
    private readonly ulong[] _stale = new ulong[Lookups];
    private readonly ulong[] _added = new ulong[Batch];

    [Params(64, 10_000)]
    public int Handlers { get; set; }

    /// <summary>Each slot in its second generation; tokens in the order in which clients send: none.</summary>
    [GlobalSetup]
    public void Setup()
    {
        ulong[] first = [.. Enumerable.Range(0, Handlers).Select(_ => _table.Add(new IdleHandler()))];
        foreach (ulong token in first)
        {
            _table.Remove(token);
        }

        _table.EndBatch();
        ulong[] second = [.. Enumerable.Range(0, Handlers).Select(_ => _table.Add(new IdleHandler()))];
        Random random = new(1);
        for (int i = 0; i < Lookups; i++)
        {
            _stale[i] = first[random.Next(Handlers)];
            _tokens[i] = second[random.Next(Handlers)];
        }
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public int TryGet() => Count(_tokens);

    /// <summary>Events of handlers that have been removed.</summary>
    [Benchmark(OperationsPerInvoke = Lookups)]
    public int TryGetStale() => Count(_stale);

    /// <summary>Events that reach a handler.</summary>
    [Benchmark(OperationsPerInvoke = Lookups)]
    public void Dispatch()
    {
        foreach (ulong token in _tokens)
        {
            _table.Dispatch(new EpollEvent(EpollEvents.In, token));
        }
    }

    /// <summary>The whole life of a handler beside the others.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public void AddAndRemove()
    {
        for (int i = 0; i < Batch; i++)
        {
            _added[i] = _table.Add(_handler);
        }

        foreach (ulong token in _added)
        {
            _table.Remove(token);
        }

        _table.EndBatch();
    }

    private int Count(ulong[] tokens)
    {
        int found = 0;
        foreach (ulong token in tokens)
        {
            if (_table.TryGet(token, out _))
            {
                found++;
            }
        }

        return found;
    }
}

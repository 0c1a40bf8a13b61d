using System.Buffers;
using System.Collections.Concurrent;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>
/// The real kernel, watched: only one thread at a time waits on an epoll instance, and whoever receives for a loop is the thread that waited on it
/// last. A former driver that goes on, or a second driver, breaks one of the two. Any thread.
/// </summary>
internal sealed class OneDriverKernel : Kernel
{
    [ThreadStatic]
    private static Instance? t_last;

    private readonly ConcurrentDictionary<int, byte> _created = new(); // they live as long as the test
    private readonly ConcurrentDictionary<int, Instance> _instances = new();
    private int _violations;
    private int _outer = -1;

    /// <summary>Called before each large send, by the thread that makes it.</summary>
    public Action? LargeSend { get; set; }

    /// <summary>How often two threads drove one loop.</summary>
    public int Violations => Volatile.Read(ref _violations);

    public override SysResult EpollCreate()
    {
        SysResult created = base.EpollCreate();
        _created.TryAdd(created.Value, 0);
        return created;
    }

    /// <summary>Threads that serve loops together wait on an instance that watches the loops' own.</summary>
    public override SysResult EpollAdd(int epoll, int descriptor, EpollEvents events, ulong token)
    {
        if (_created.ContainsKey(descriptor))
        {
            _outer = epoll;
        }

        return base.EpollAdd(epoll, descriptor, events, token);
    }

    public override SysResult EpollWait(int epoll, Span<EpollEvent> events, int timeoutMilliseconds)
    {
        if (epoll == Volatile.Read(ref _outer))
        {
            return base.EpollWait(epoll, events, timeoutMilliseconds);
        }

        var instance = t_last is { } last && last.Kernel == this && last.Number == epoll
            ? last
            : t_last = _instances.GetOrAdd(epoll, static (number, kernel) => new Instance(kernel, number), this);
        Expect(Interlocked.Increment(ref instance.Waiting) == 1);
        Volatile.Write(ref instance.Driver, Environment.CurrentManagedThreadId);
        var result = base.EpollWait(epoll, events, timeoutMilliseconds);
        Interlocked.Decrement(ref instance.Waiting);
        return result;
    }

    public override SysResult Receive(int descriptor, Span<byte> buffer)
    {
        Expect(t_last is { } instance && instance.Kernel == this && Volatile.Read(ref instance.Driver) == Environment.CurrentManagedThreadId);
        return base.Receive(descriptor, buffer);
    }

    public override SysResult Send(int descriptor, ReadOnlySpan<byte> data)
    {
        OnSend(data.Length);
        return base.Send(descriptor, data);
    }

    public override SysResult SendGather(int descriptor, in ReadOnlySequence<byte> data)
    {
        OnSend(data.Length);
        return base.SendGather(descriptor, data);
    }

    private void OnSend(long bytes)
    {
        if (bytes >= SendScheduler.MinLargeSend)
        {
            LargeSend?.Invoke();
        }
    }

    private void Expect(bool holds)
    {
        if (!holds)
        {
            Interlocked.Increment(ref _violations);
        }
    }

    private sealed class Instance(OneDriverKernel kernel, int number)
    {
        public int Waiting;
        public int Driver;

        public OneDriverKernel Kernel => kernel;

        public int Number => number;
    }
}

using System.Buffers;
using System.Collections.Concurrent;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Native;

namespace Transport.Epoll.Tests.Connections.Properties;

/// <summary>
/// The real kernel on a bad day, by a seed: calls are interrupted, find nothing though there is something, take or give a few bytes only; edges come
/// twice, and for slots that are free. Whatever hides readiness is followed by an edge, as the real kernel's rules have it: the descriptor is
/// armed again, which reports what is ready. Any thread.
/// </summary>
internal sealed class FaultyKernel : Kernel
{
    private const int MaxDuplicates = 3;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<int, (int Epoll, EpollEvents Events, ulong Token)> _registered = new();
    private Random _random = new(0);

    /// <summary>One in so many calls goes wrong; 0 for none.</summary>
    private int _oneIn;

    private long _faults;

    public long Faults => Interlocked.Read(ref _faults);

    public void Begin(int seed, int oneIn)
    {
        lock (_gate)
        {
            _random = new Random(seed);
            _oneIn = oneIn;
        }
    }

    public override SysResult EpollAdd(int epoll, int descriptor, EpollEvents events, ulong token)
    {
        _registered[descriptor] = (epoll, events, token);
        return base.EpollAdd(epoll, descriptor, events, token);
    }

    public override SysResult EpollModify(int epoll, int descriptor, EpollEvents events, ulong token)
    {
        _registered[descriptor] = (epoll, events, token);
        return Draw(1) == 0 ? SysResult.Failed(Errno.EINTR) : base.EpollModify(epoll, descriptor, events, token);
    }

    public override SysResult EpollRemove(int epoll, int descriptor)
    {
        _registered.TryRemove(descriptor, out _);
        return base.EpollRemove(epoll, descriptor);
    }

    public override SysResult EpollWait(int epoll, Span<EpollEvent> events, int timeoutMilliseconds)
    {
        if (Draw(1) == 0)
        {
            return SysResult.Failed(Errno.EINTR);
        }

        SysResult result = base.EpollWait(epoll, events[..^MaxDuplicates], timeoutMilliseconds);
        if (!result.IsOk || result.Value == 0)
        {
            return result;
        }

        EpollEvent first = events[0];
        EpollEvent? extra = Draw(3) switch
        {
            0 => first, // a duplicate
            1 => new EpollEvent(first.Events | EpollEvents.In | EpollEvents.Out, first.Token + (7UL << 32)), // a slot's later generation
            2 => new EpollEvent(EpollEvents.In | EpollEvents.Hup | EpollEvents.Err, ulong.MaxValue), // a slot that never was
            _ => null,
        };
        if (extra is not { } added)
        {
            return result;
        }

        events[result.Value] = added;
        return SysResult.Ok(result.Value + 1);
    }

    public override SysResult Receive(int descriptor, Span<byte> buffer)
    {
        switch (Draw(3))
        {
            case 0:
                return SysResult.Failed(Errno.EINTR);
            case 1:
                Rearm(descriptor);
                return SysResult.Failed(Errno.EAGAIN);
            case 2:
                SysResult few = base.Receive(descriptor, buffer[..Few(buffer.Length)]);
                Rearm(descriptor);
                return few;
            default:
                return base.Receive(descriptor, buffer);
        }
    }

    public override SysResult Send(int descriptor, ReadOnlySpan<byte> data) => Draw(3) switch
    {
        0 => SysResult.Failed(Errno.EINTR),
        1 => WouldBlock(descriptor),
        2 => base.Send(descriptor, data[..Few(data.Length)]),
        _ => base.Send(descriptor, data),
    };

    public override SysResult SendGather(int descriptor, in ReadOnlySequence<byte> data) => Draw(3) switch
    {
        0 => SysResult.Failed(Errno.EINTR),
        1 => WouldBlock(descriptor),
        2 => base.SendGather(descriptor, data.Slice(0, Few((int)data.Length))),
        _ => base.SendGather(descriptor, data),
    };

    private SysResult WouldBlock(int descriptor)
    {
        Rearm(descriptor);
        return SysResult.Failed(Errno.EAGAIN);
    }

    private void Rearm(int descriptor)
    {
        if (_registered.TryGetValue(descriptor, out var registered))
        {
            base.EpollModify(registered.Epoll, descriptor, registered.Events, registered.Token);
        }
    }

    /// <summary>Which of so many faults this call meets; -1 for none.</summary>
    private int Draw(int faults)
    {
        lock (_gate)
        {
            int drawn = _oneIn > 0 && _random.Next(_oneIn) == 0 ? _random.Next(faults) : -1;
            _faults += drawn < 0 ? 0 : 1;
            return drawn;
        }
    }

    private int Few(int most)
    {
        lock (_gate)
        {
            return Math.Min(most, _random.Next(2) == 0 ? 1 : _random.Next(1, 4097));
        }
    }
}

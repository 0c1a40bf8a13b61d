using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

/// <summary>A kernel that answers as the test says, and like the real one where the test says nothing. Any thread.</summary>
internal sealed class ScriptedKernel : Kernel
{
    private readonly ConcurrentQueue<EpollEvent[]> _injected = new();
    private readonly ConcurrentDictionary<int, ulong> _tokens = new();
    private int _made;

    public CallScript OnEpollCreate { get; } = new();

    public CallScript OnEpollAdd { get; } = new();

    public CallScript OnEpollModify { get; } = new();

    public CallScript OnEpollRemove { get; } = new();

    public CallScript OnEpollWait { get; } = new();

    public CallScript OnEventFdCreate { get; } = new();

    public CallScript OnEventFdSignal { get; } = new();

    public CallScript OnBind { get; } = new();

    public CallScript OnConnect { get; } = new();

    public CallScript OnListen { get; } = new();

    public CallScript OnAccept { get; } = new();

    public CallScript OnSetAffinity { get; } = new();

    public CallScript OnReceive { get; } = new();

    /// <summary>Of Send and SendGather together.</summary>
    public CallScript OnSend { get; } = new();

    public CallScript OnSetLinger { get; } = new();

    public CallScript OnGetSocketName { get; } = new();

    public CallScript OnChangeMode { get; } = new();

    public CallScript OnChangeOwner { get; } = new();

    public CallScript OnShutdown { get; } = new();

    /// <summary>A scripted result closes nothing.</summary>
    public CallScript OnClose { get; } = new();

    /// <summary>The descriptors that were closed, in order.</summary>
    public ConcurrentQueue<int> Closed { get; } = new();

    /// <summary>The number of epoll and event descriptors that were made.</summary>
    public int Made => Volatile.Read(ref _made);

    /// <summary>The most bytes that one receive gives.</summary>
    public int ReceiveLimit { get; set; } = int.MaxValue;

    /// <summary>The most bytes that one send takes.</summary>
    public int SendLimit { get; set; } = int.MaxValue;

    /// <summary>What schedstat says of every thread: nanoseconds on a processor, nanoseconds runnable, a count; null for the real file.</summary>
    public Func<string>? SchedStat { get; set; }

    /// <summary>What /proc/stat says.</summary>
    public Func<string>? ProcStat { get; set; }

    /// <summary>What stat says of every thread; null for the real file.</summary>
    public string? Stat { get; set; }

    /// <summary>What /proc/sys/net/core/somaxconn says; null for the real file.</summary>
    public string? SoMaxConn { get; set; }

    /// <summary>Runs before each wait of a loop, on its thread; the argument is the timeout.</summary>
    public Action<int>? WaitEntered { get; set; }

    /// <summary>The token that a descriptor was registered with last.</summary>
    public ulong TokenOf(int descriptor) => _tokens[descriptor];

    /// <summary>The next wait returns this batch, and nothing else.</summary>
    public void Inject(params EpollEvent[] batch) => _injected.Enqueue(batch);

    public override SysResult EpollCreate() => CountMade(OnEpollCreate.TryTake(out SysResult result) ? result : base.EpollCreate());

    public override SysResult EpollAdd(int epoll, int descriptor, EpollEvents events, ulong token)
    {
        _tokens[descriptor] = token;
        return OnEpollAdd.TryTake(out SysResult result) ? result : base.EpollAdd(epoll, descriptor, events, token);
    }

    public override SysResult EpollModify(int epoll, int descriptor, EpollEvents events, ulong token)
        => OnEpollModify.TryTake(out SysResult result) ? result : base.EpollModify(epoll, descriptor, events, token);

    public override SysResult EpollRemove(int epoll, int descriptor)
        => OnEpollRemove.TryTake(out SysResult result) ? result : base.EpollRemove(epoll, descriptor);

    public override SysResult EpollWait(int epoll, Span<EpollEvent> events, int timeoutMilliseconds)
    {
        WaitEntered?.Invoke(timeoutMilliseconds);
        if (OnEpollWait.TryTake(out SysResult result))
        {
            return result;
        }

        if (_injected.TryDequeue(out EpollEvent[]? batch))
        {
            batch.CopyTo(events);
            return SysResult.Ok(batch.Length);
        }

        return base.EpollWait(epoll, events, timeoutMilliseconds);
    }

    public override SysResult ReadFile(ReadOnlySpan<byte> zeroTerminatedPath, Span<byte> buffer)
    {
        string? text = zeroTerminatedPath.EndsWith("/schedstat\0"u8) ? SchedStat?.Invoke()
            : zeroTerminatedPath.SequenceEqual("/proc/stat\0"u8) ? ProcStat?.Invoke()
            : zeroTerminatedPath.EndsWith("/stat\0"u8) ? Stat
            : zeroTerminatedPath.EndsWith("/somaxconn\0"u8) ? SoMaxConn
            : null;
        return text is null ? base.ReadFile(zeroTerminatedPath, buffer) : SysResult.Ok(Encoding.ASCII.GetBytes(text, buffer));
    }

    public override SysResult EventFdCreate() => CountMade(OnEventFdCreate.TryTake(out SysResult result) ? result : base.EventFdCreate());

    public override SysResult EventFdSignal(int descriptor)
        => OnEventFdSignal.TryTake(out SysResult result) ? result : base.EventFdSignal(descriptor);

    public override SysResult Bind(int descriptor, ReadOnlySpan<byte> address)
        => OnBind.TryTake(out SysResult result) ? result : base.Bind(descriptor, address);

    public override SysResult Connect(int descriptor, ReadOnlySpan<byte> address)
        => OnConnect.TryTake(out SysResult result) ? result : base.Connect(descriptor, address);

    public override SysResult Listen(int descriptor, int backlog)
        => OnListen.TryTake(out SysResult result) ? result : base.Listen(descriptor, backlog);

    public override SysResult Accept(int descriptor, Span<byte> address, out int length)
    {
        length = 0;
        return OnAccept.TryTake(out SysResult result) ? result : base.Accept(descriptor, address, out length);
    }

    public override SysResult SetAffinity(int processor)
        => OnSetAffinity.TryTake(out SysResult result) ? result : base.SetAffinity(processor);

    public override SysResult Receive(int descriptor, Span<byte> buffer)
        => OnReceive.TryTake(out SysResult result) ? result : base.Receive(descriptor, buffer[..Math.Min(buffer.Length, ReceiveLimit)]);

    public override SysResult Send(int descriptor, ReadOnlySpan<byte> data)
        => OnSend.TryTake(out SysResult result) ? result : base.Send(descriptor, data[..Math.Min(data.Length, SendLimit)]);

    public override SysResult SendGather(int descriptor, in ReadOnlySequence<byte> data)
        => OnSend.TryTake(out SysResult result) ? result : base.SendGather(descriptor, data.Slice(0, Math.Min(data.Length, SendLimit)));

    public override SysResult ChangeMode(string path, UnixFileMode mode)
        => OnChangeMode.TryTake(out SysResult result) ? result : base.ChangeMode(path, mode);

    public override SysResult ChangeOwner(string path, int user, int group)
        => OnChangeOwner.TryTake(out SysResult result) ? result : base.ChangeOwner(path, user, group);

    public override SysResult SetLinger(int descriptor, bool on, int seconds)
        => OnSetLinger.TryTake(out SysResult result) ? result : base.SetLinger(descriptor, on, seconds);

    public override SysResult GetSocketName(int descriptor, Span<byte> address, out int length)
    {
        length = 0;
        return OnGetSocketName.TryTake(out SysResult result) ? result : base.GetSocketName(descriptor, address, out length);
    }

    public override SysResult ShutdownBoth(int descriptor)
        => OnShutdown.TryTake(out SysResult result) ? result : base.ShutdownBoth(descriptor);

    public override SysResult Close(int descriptor)
    {
        Closed.Enqueue(descriptor);
        return OnClose.TryTake(out SysResult result) ? result : base.Close(descriptor);
    }

    private SysResult CountMade(SysResult result)
    {
        if (result.IsOk)
        {
            Interlocked.Increment(ref _made);
        }

        return result;
    }
}

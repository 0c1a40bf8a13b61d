using System.Buffers;
using System.Runtime.CompilerServices;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Transport.Epoll.Native;

/// <summary>
/// The system calls of the transport, one overridable member each, so that a test can script the kernel.
/// Pinning stays inside; nothing here loops or decides.
/// </summary>
/// <remarks>Any thread: no state.</remarks>
internal unsafe class Kernel : FileCalls
{
    /// <summary>The most buffers of one gather send. Linux allows 1024 (IOV_MAX, sendmsg(2)); 256 pool blocks make 1 MiB.</summary>
    public const int MaxGather = 256;

    /// <summary>CPU_SETSIZE of sched_setaffinity(2).</summary>
    public const int MaxProcessors = 1024;

    [ThreadStatic]
    private static MemoryHandle[]? t_pins;

    /// <summary>The real one.</summary>
    public static Kernel Linux { get; } = new();

    public virtual SysResult EpollCreate() => SysResult.From(epoll_create1(EPOLL_CLOEXEC));

    public virtual SysResult EpollAdd(int epoll, int descriptor, EpollEvents events, ulong token)
        => EpollControl(epoll, EPOLL_CTL_ADD, descriptor, events, token);

    public virtual SysResult EpollModify(int epoll, int descriptor, EpollEvents events, ulong token)
        => EpollControl(epoll, EPOLL_CTL_MOD, descriptor, events, token);

    public virtual SysResult EpollRemove(int epoll, int descriptor)
        => EpollControl(epoll, EPOLL_CTL_DEL, descriptor, EpollEvents.None, 0);

    [SkipLocalsInit]
    public virtual SysResult EpollWait(int epoll, Span<EpollEvent> events, int timeoutMilliseconds)
    {
        // epoll_event is packed on x64 and not on arm64 (epoll.h): Tmds.LibC has an assembly for each.
        epoll_event* buffer = stackalloc epoll_event[events.Length];
        int count = epoll_wait(epoll, buffer, events.Length, timeoutMilliseconds);
        for (int i = 0; i < count; i++)
        {
            events[i] = new EpollEvent((EpollEvents)(uint)buffer[i].events, buffer[i].data.u64);
        }

        return SysResult.From(count);
    }

    public virtual SysResult EventFdCreate() => SysResult.From(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

    public virtual SysResult EventFdSignal(int descriptor)
    {
        ulong one = 1;
        return SysResult.From(write(descriptor, &one, sizeof(ulong)));
    }

    public virtual SysResult Socket(int family) => SysResult.From(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

    /// <summary>A datagram socket, to find out what a unix address is bound to.</summary>
    public virtual SysResult DatagramSocket(int family) => SysResult.From(socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

    /// <summary>Another close-on-exec descriptor of the same socket (fcntl(2)).</summary>
    public virtual SysResult Duplicate(int descriptor) => SysResult.From(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));

    public virtual SysResult Bind(int descriptor, ReadOnlySpan<byte> address)
    {
        fixed (byte* pointer = address)
        {
            return SysResult.From(bind(descriptor, (sockaddr*)pointer, address.Length));
        }
    }

    public virtual SysResult Connect(int descriptor, ReadOnlySpan<byte> address)
    {
        fixed (byte* pointer = address)
        {
            return SysResult.From(connect(descriptor, (sockaddr*)pointer, address.Length));
        }
    }

    public virtual SysResult Listen(int descriptor, int backlog) => SysResult.From(listen(descriptor, backlog));

    /// <summary>Accepts a non-blocking, close-on-exec socket. <paramref name="length"/> is that of the peer's address.</summary>
    public virtual SysResult Accept(int descriptor, Span<byte> address, out int length)
    {
        socklen_t size = address.Length;
        fixed (byte* pointer = address)
        {
            SysResult result = SysResult.From(accept4(descriptor, (sockaddr*)pointer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
            length = Math.Min((int)size, address.Length);
            return result;
        }
    }

    public virtual SysResult GetSocketName(int descriptor, Span<byte> address, out int length)
    {
        socklen_t size = address.Length;
        fixed (byte* pointer = address)
        {
            SysResult result = SysResult.From(getsockname(descriptor, (sockaddr*)pointer, &size));
            length = Math.Min((int)size, address.Length);
            return result;
        }
    }

    public virtual SysResult SetOption(int descriptor, int level, int name, int value)
        => SysResult.From(setsockopt(descriptor, level, name, &value, sizeof(int)));

    public virtual SysResult GetOption(int descriptor, int level, int name, out int value)
    {
        int read = 0;
        socklen_t size = sizeof(int);
        SysResult result = SysResult.From(getsockopt(descriptor, level, name, &read, &size));
        value = read;
        return result;
    }

    /// <summary>Reads an option that is a structure; the kernel writes as much of it as it knows and the buffer takes.</summary>
    /// <returns>How many bytes that are.</returns>
    public virtual SysResult GetOption(int descriptor, int level, int name, Span<byte> value)
    {
        socklen_t size = value.Length;
        fixed (byte* pointer = value)
        {
            SysResult result = SysResult.From(getsockopt(descriptor, level, name, pointer, &size));
            return result.IsOk ? SysResult.Ok((int)size) : result;
        }
    }

    /// <summary>What a close does with bytes that the peer has not confirmed (SO_LINGER, socket(7)).</summary>
    public virtual SysResult SetLinger(int descriptor, bool on, int seconds)
    {
        linger value = new() { l_onoff = on ? 1 : 0, l_linger = seconds };
        return SysResult.From(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, sizeof(linger)));
    }

    /// <summary>What <see cref="SetLinger"/> has set; <paramref name="seconds"/> is 0 while it is off.</summary>
    public virtual SysResult GetLinger(int descriptor, out bool on, out int seconds)
    {
        linger value = default;
        socklen_t size = sizeof(linger);
        SysResult result = SysResult.From(getsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, &size));
        on = value.l_onoff != 0;
        seconds = on ? value.l_linger : 0;
        return result;
    }

    /// <summary>Attaches a classic BPF program (SO_ATTACH_FILTER, socket(7)); each instruction is a struct sock_filter.</summary>
    public virtual SysResult AttachFilter(int descriptor, ReadOnlySpan<ulong> program)
    {
        fixed (ulong* filter = program)
        {
            FilterProgram argument = new() { Length = (ushort)program.Length, Filter = filter };
            return SysResult.From(setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &argument, sizeof(FilterProgram)));
        }
    }

    public virtual SysResult Receive(int descriptor, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            return SysResult.From(recv(descriptor, pointer, buffer.Length, 0));
        }
    }

    public virtual SysResult Send(int descriptor, ReadOnlySpan<byte> data)
    {
        fixed (byte* pointer = data)
        {
            return SysResult.From(send(descriptor, pointer, data.Length, MSG_NOSIGNAL));
        }
    }

    /// <summary>Sends up to <see cref="MaxGather"/> buffers in one call.</summary>
    [SkipLocalsInit]
    public virtual SysResult SendGather(int descriptor, in ReadOnlySequence<byte> data)
    {
        MemoryHandle[] pins = t_pins ??= new MemoryHandle[MaxGather];
        iovec* vectors = stackalloc iovec[MaxGather];
        int count = 0;
        try
        {
            foreach (ReadOnlyMemory<byte> segment in data)
            {
                if (segment.IsEmpty)
                {
                    continue;
                }

                pins[count] = segment.Pin();
                vectors[count].iov_base = pins[count].Pointer;
                vectors[count].iov_len = segment.Length;
                if (++count == MaxGather)
                {
                    break;
                }
            }

            msghdr message = default;
            message.msg_iov = vectors;
            message.msg_iovlen = count;
            return SysResult.From(sendmsg(descriptor, &message, MSG_NOSIGNAL));
        }
        finally
        {
            for (int i = 0; i < count; i++)
            {
                pins[i].Dispose();
                pins[i] = default;
            }
        }
    }

    /// <summary>The number of bytes that a receive would find (FIONREAD, tcp(7), unix(7)).</summary>
    public virtual SysResult Available(int descriptor)
    {
        int bytes = 0;
        SysResult result = SysResult.From(ioctl(descriptor, FIONREAD, &bytes));
        return result.IsOk ? SysResult.Ok(bytes) : result;
    }

    public virtual SysResult ShutdownBoth(int descriptor) => SysResult.From(shutdown(descriptor, SHUT_RDWR));

    public virtual SysResult Close(int descriptor) => SysResult.From(close(descriptor));

    /// <summary>Makes an inherited descriptor non-blocking and close-on-exec.</summary>
    public virtual SysResult SetNonBlocking(int descriptor)
    {
        SysResult flags = SysResult.From(fcntl(descriptor, F_GETFL));
        if (!flags.IsOk)
        {
            return flags;
        }

        SysResult set = SysResult.From(fcntl(descriptor, F_SETFL, flags.Value | O_NONBLOCK));
        return set.IsOk ? SysResult.From(fcntl(descriptor, F_SETFD, FD_CLOEXEC)) : set;
    }

    /// <summary>Binds the calling thread to one processor (sched_setaffinity(2)).</summary>
    public virtual SysResult SetAffinity(int processor)
    {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(processor, &set);
        return SysResult.From(sched_setaffinity(0, sizeof(cpu_set_t), &set));
    }

    /// <summary>Lets a thread run on every processor that the process may use: the kernel masks the others (sched_setaffinity(2)).</summary>
    public virtual SysResult AllowAllProcessors(int threadId)
    {
        cpu_set_t set;
        new Span<byte>(&set, sizeof(cpu_set_t)).Fill(0xFF);
        return SysResult.From(sched_setaffinity(threadId, sizeof(cpu_set_t), &set));
    }

    /// <summary>The processors that the calling thread may use (sched_getaffinity(2)).</summary>
    public virtual SysResult GetAffinity(Span<bool> processors)
    {
        cpu_set_t set;
        CPU_ZERO(&set);
        SysResult result = SysResult.From(sched_getaffinity(0, sizeof(cpu_set_t), &set));
        for (int i = 0; i < processors.Length; i++)
        {
            processors[i] = result.IsOk && CPU_ISSET(i, &set);
        }

        return result;
    }

    /// <summary>One more than the highest descriptor number that the process may use (RLIMIT_NOFILE, getdtablesize(3)).</summary>
    public virtual SysResult DescriptorLimit() => SysResult.From(getdtablesize());

    private static SysResult EpollControl(int epoll, int operation, int descriptor, EpollEvents events, ulong token)
    {
        epoll_event argument = default;
        argument.events = (int)(uint)events;
        argument.data.u64 = token;
        return SysResult.From(epoll_ctl(epoll, operation, descriptor, &argument));
    }

    /// <summary>struct sock_fprog of linux/filter.h.</summary>
    private struct FilterProgram
    {
        public ushort Length;
        public ulong* Filter;
    }
}

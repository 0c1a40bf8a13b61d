using System.Net;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>Accepts the connections of one listening socket on one loop, a bounded number a turn, until the queue is empty.</summary>
/// <remarks>
/// The lease holder accepts, under the gate, which is never held across user code, until the acceptor is stopped, under the gate, too; then the stopping thread does.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Stop disposes the timer.")]
internal sealed class Acceptor : IEventHandler
{
    private const int MaxPerTurn = 64;

    /// <summary>The most that one drain takes: the largest backlog. Handshakes that finish meanwhile could keep it going.</summary>
    private const int MaxDrained = 65535;

    /// <summary>So many failures in a row are none of single connections (a security module answers EPERM to all): rest, don't spin.</summary>
    private const int MaxSkippedInRow = 16;

    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(100);

    private readonly IAcceptSink _sink;
    private readonly Kernel _kernel;
    private readonly Lock _gate = new();

    // Armed once in advance: the process's first timer starts a thread, which can't be had when descriptors have run out.
    private readonly Timer _retryTimer;

    // Shared by all acceptors.
    private readonly DescriptorReserve _reserve;

    // Written under the gate; what is only read without it is a hint to the loop, or the stopping thread's own.
    private volatile bool _stopped;

    // Under the gate until it is stopped; then the stopping thread's.
    private int _skippedInRow;

    // Set by the acceptor before it looks again, taken by whoever makes room or frees a descriptor: exactly one of them resumes it.
    private int _held;

    // Lease holder only; 0 stands for "not registered".
    private ulong _token;

    public Acceptor(IAcceptSink sink, EventLoop loop, ListenSocket socket, Kernel kernel, DescriptorReserve reserve)
    {
        _sink = sink;
        Loop = loop;
        Socket = socket;
        _kernel = kernel;
        _reserve = reserve;
        _retryTimer = Detached.Timer(static state => ((Acceptor)state!).Retry(), this, s_retry);
    }

    public EventLoop Loop { get; }

    public ListenSocket Socket { get; }

    /// <summary>Registers with the loop. Completes when connections will be noticed, fails when they can't be. Any thread; once.</summary>
    public Task StartAsync()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(state =>
        {
            SysResult result = Loop.Register(Socket.Descriptor.Number, this, EpollEvents.In, out _token);
            if (result.IsOk)
            {
                started.SetResult();
            }
            else
            {
                started.SetException(result.ToException());
            }
        }, null);
        return started.Task;
    }

    public void OnEvents(EpollEvents events) => AcceptSome();

    /// <summary>What was accepted could not be set up: no reason to leave those that wait.</summary>
    public void OnFault(Exception exception)
    {
        if (exception is not ThreadInterruptedException) // a callback has left that on the thread, and it is used up: nothing is short
        {
            Hold(SysResult.Ok(0));
            return;
        }

        Loop.Post(static state => ((Acceptor)state!).GoOn(), this);
    }

    /// <summary>There is room, or a descriptor, again: goes on if it was held up. Any thread.</summary>
    public void Resume()
    {
        if (Volatile.Read(ref _held) != 0 && Interlocked.Exchange(ref _held, 0) != 0)
        {
            Loop.Post(static state => ((Acceptor)state!).GoOn(), this);
        }
    }

    /// <summary>The timer: while nothing is free the loop is not woken for it.</summary>
    private void Retry()
    {
        if (_reserve.IsFree())
        {
            Resume();
            return;
        }

        lock (_gate)
        {
            if (!_stopped)
            {
                _retryTimer.Change(s_retry, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Stops accepting by the loop. Any thread.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            _retryTimer.Dispose();
        }
    }

    /// <summary>After <see cref="Stop"/>: accepts all that the kernel has queued. The stopping thread.</summary>
    /// <remarks>Without the gate, for which the loop may wait: once stopped, the loop accepts nothing.</remarks>
    /// <returns>What is to be done next.</returns>
    public DrainResult Drain()
    {
        int accepted = 0;
        while (accepted < MaxDrained)
        {
            switch (TryAcceptOne())
            {
                case Outcome.Accepted:
                    accepted++;
                    break;
                case Outcome.Drained:
                    return accepted == 0 ? DrainResult.WasEmpty : DrainResult.Accepted;
                case Outcome.Held:
                    return DrainResult.Held;
            }
        }

        return DrainResult.Accepted;
    }

    /// <summary>A connection that can't be set up is lost; those behind it must not be reset for it.</summary>
    private Outcome TryAcceptOne()
    {
        try
        {
            return AcceptOne();
        }
#pragma warning disable CA1031 // Whatever it was, it is that one connection's; its descriptor is closed.
        catch (Exception)
#pragma warning restore CA1031
        {
            _sink.OnExhausted(SysResult.Ok(0), TimeSpan.Zero);
            return Outcome.Accepted;
        }
    }

    /// <summary>After <see cref="Stop"/>: takes the socket out of epoll and closes it if it is ours. The stopping thread.</summary>
    public void Close()
    {
        Loop.Unregister(Socket.Descriptor.Number);
        Loop.Post(static state => ((Acceptor)state!).Forget(), this);
        Socket.Descriptor.Dispose();
    }

    private void Forget()
    {
        if (_token != 0)
        {
            Loop.Forget(_token);
        }
    }

    /// <summary>Not called by epoll, whose caller tells of a fault.</summary>
    private void GoOn()
    {
        try
        {
            AcceptSome();
        }
        catch (Exception exception)
        {
            OnFault(exception);
            throw;
        }
    }

    private void AcceptSome()
    {
        lock (_gate)
        {
            for (int i = 0; i < MaxPerTurn; i++)
            {
                if (_stopped)
                {
                    return;
                }

                if (!_sink.HasRoom)
                {
                    Volatile.Write(ref _held, 1);
                    Interlocked.MemoryBarrier(); // the taker makes room, then reads _held; we set it, then look for room
                    if (!_sink.HasRoom || Interlocked.Exchange(ref _held, 0) == 0)
                    {
                        return;
                    }
                }

                if (AcceptOne() is Outcome.Drained or Outcome.Held)
                {
                    return;
                }
            }
        }

        Loop.Post(static state => ((Acceptor)state!).GoOn(), this);
    }

    private Outcome AcceptOne()
    {
        Span<byte> address = stackalloc byte[SocketAddresses.MaxLength];
        SysResult result = _stopped
            ? _reserve.AcceptAny(Socket.Descriptor.Number, address, out int length)
            : _reserve.Accept(Socket.Descriptor.Number, address, out length);
        if (result.IsOk)
        {
            _skippedInRow = 0;
            OnAccepted(result.Value, address[..length]);
            return Outcome.Accepted;
        }

        if (result.IsWouldBlock || result.IsInterrupted)
        {
            return result.IsWouldBlock ? Outcome.Drained : Outcome.Skipped;
        }

        _sink.OnFailed(result);
        if (result.IsConnectionError && ++_skippedInRow < MaxSkippedInRow)
        {
            return Outcome.Skipped;
        }

        _skippedInRow = 0;
        Hold(result);
        return Outcome.Held;
    }

    /// <summary>The descriptor is in nobody's hands until the sink has it.</summary>
    private void OnAccepted(int number, ReadOnlySpan<byte> address)
    {
        EndPoint? remoteEndPoint;
        FileDescriptor descriptor;
        try
        {
            remoteEndPoint = Socket.IsUnix ? null : SocketAddresses.FromKernel(address);
            descriptor = new(_kernel, number);
        }
        catch
        {
            _kernel.Close(number);
            throw;
        }

        _sink.OnAccepted(this, descriptor, remoteEndPoint);
    }

    /// <summary>
    /// Accepting failed for want of descriptors or memory, or for a reason we don't know. Edge-triggered epoll won't report the queued
    /// connections again, so a timer does, and the next descriptor that this listener's connections free.
    /// </summary>
    private void Hold(SysResult error)
    {
        lock (_gate)
        {
            if (_stopped)
            {
                return;
            }

            Volatile.Write(ref _held, 1);
            _retryTimer.Change(s_retry, Timeout.InfiniteTimeSpan);
        }

        _sink.OnExhausted(error, s_retry);
    }

    private enum Outcome { Accepted, Skipped, Drained, Held }
}

using System.Net;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>Accepts the connections of one listening socket on one loop, a bounded number a turn, until the queue is empty.</summary>
/// <remarks>
/// The lease holder accepts, under the gate, which is never held across a log, until the acceptor is stopped, under the gate, too; then the stopping thread does.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Stop disposes the timer.")]
internal sealed class Acceptor : IEventHandler
{
    private const int MaxPerTurn = 64;

    /// <summary>The most that one drain takes: the largest backlog. Handshakes that finish meanwhile could keep it going.</summary>
    private const int MaxDrained = 65535;

    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(100);

    private readonly IAcceptSink _sink;
    private readonly AcceptCall _call; // under the gate until it is stopped; then the stopping thread's
    private readonly Lock _gate = new();

    // Armed once in advance: the process's first timer starts a thread, which can't be had when descriptors have run out.
    private readonly Timer _retryTimer;

    // Shared by all acceptors.
    private readonly DescriptorReserve _reserve;

    // Written under the gate; what is only read without it is a hint to the loop, or the stopping thread's own.
    private volatile bool _stopped;

    // Set by the acceptor before it looks again, taken by whoever makes room or frees a descriptor: exactly one of them resumes it.
    private int _held;

    // Lease holder only; 0 stands for "not registered".
    private ulong _token;

    public Acceptor(IAcceptSink sink, EventLoop loop, ListenSocket socket, Kernel kernel, DescriptorReserve reserve)
    {
        _sink = sink;
        Loop = loop;
        Socket = socket;
        _reserve = reserve;
        _call = new AcceptCall(this, sink, kernel, reserve);
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
            Rest();
            Report(AcceptOutcome.Held, default);
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

        Rest();
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
                case AcceptOutcome.Accepted:
                    accepted++;
                    break;
                case AcceptOutcome.Drained:
                    return accepted == 0 ? DrainResult.WasEmpty : DrainResult.Accepted;
                case AcceptOutcome.Held:
                    return DrainResult.Held;
            }
        }

        return DrainResult.Accepted;
    }

    /// <summary>A connection that can't be set up is lost; those behind it must not be reset for it.</summary>
    private AcceptOutcome TryAcceptOne()
    {
        try
        {
            AcceptOutcome outcome = _call.Run(any: true, out SysResult error);
            Report(outcome, error);
            return outcome;
        }
#pragma warning disable CA1031 // Whatever it was, it is that one connection's; its descriptor is closed.
        catch (Exception)
#pragma warning restore CA1031
        {
            _sink.OnExhausted(SysResult.Ok(0), TimeSpan.Zero);
            return AcceptOutcome.Accepted;
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
        for (int i = 0; i < MaxPerTurn; i++)
        {
            AcceptOutcome outcome;
            SysResult error;
            lock (_gate)
            {
                if (_stopped || !TryFindRoom())
                {
                    return;
                }

                outcome = _call.Run(any: false, out error);
                if (outcome == AcceptOutcome.Held)
                {
                    Rest();
                }
            }

            Report(outcome, error);
            if (outcome is AcceptOutcome.Drained or AcceptOutcome.Held)
            {
                return;
            }
        }

        Loop.Post(static state => ((Acceptor)state!).GoOn(), this);
    }

    /// <summary>False: whoever makes room resumes.</summary>
    private bool TryFindRoom()
    {
        if (_sink.HasRoom)
        {
            return true;
        }

        Volatile.Write(ref _held, 1);
        Interlocked.MemoryBarrier(); // the taker makes room, then reads _held; we set it, then look for room
        return _sink.HasRoom && Interlocked.Exchange(ref _held, 0) != 0;
    }

    /// <summary>
    /// Accepting failed for want of descriptors or memory, or for a reason we don't know. Edge-triggered epoll won't report the queued
    /// connections again, so a timer does, and the next descriptor that this listener's connections free.
    /// </summary>
    private void Rest()
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
    }

    /// <summary>Without the gate: logs and event listeners are user code.</summary>
    private void Report(AcceptOutcome outcome, SysResult error)
    {
        if (!error.IsOk)
        {
            _sink.OnFailed(error);
        }

        if (outcome == AcceptOutcome.Held && !_stopped)
        {
            _sink.OnExhausted(error, s_retry);
        }
    }
}

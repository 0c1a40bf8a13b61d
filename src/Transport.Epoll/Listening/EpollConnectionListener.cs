using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Connections;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.Listening;

/// <summary>One bound endpoint: hands out what its acceptors accept, and stops without losing what came in time.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class EpollConnectionListener : IConnectionListener, IAcceptSink, IConnectionOwner
{
    /// <summary>How many connections may be accepted and not yet handed out; the kernel's backlog holds the rest.</summary>
    private const int MaxWaiting = 256;

    private readonly ConnectionSettings _settings;
    private readonly EventLoopGroup _loops;
    private readonly Acceptor[] _acceptors;
    private readonly FirstReadTracker _firstReads = new();
    private readonly ListenerStop _stop;
    private readonly Channel<EpollConnection> _accepted = Channel.CreateUnbounded<EpollConnection>();
    private readonly Lock _stopGate = new();
    private readonly WaitingRoom _waiting = new(MaxWaiting);
    private readonly AcceptFailures _failures;
    private readonly ListenerProbe _probe;

    // Under _stopGate.
    private Task? _stopped;
    private Task? _disposed;

    private EpollConnectionListener(ConnectionSettings settings, EventLoopGroup loops, ListenSocket[] sockets, DescriptorReserve reserve)
    {
        _settings = settings;
        _loops = loops;
        EndPoint = sockets[0].EndPoint;
        _failures = new AcceptFailures(settings.Logger, settings.Observation.Counters, EndPoint);
        _probe = new ListenerProbe(settings.Kernel, EndPoint, sockets, _waiting, _failures);
        _acceptors = new Acceptor[sockets.Length];
        EventLoop least = loops.LeastLoaded();
        for (int i = 0; i < sockets.Length; i++)
        {
            EventLoop loop = sockets.Length == 1 ? least : loops.Loops[i % loops.Loops.Length];
            _acceptors[i] = new Acceptor(this, loop, sockets[i], settings.Kernel, reserve);
        }

        _stop = new ListenerStop(settings.Kernel, _acceptors, _firstReads);
    }

    public EndPoint EndPoint { get; }

    bool IAcceptSink.HasRoom => _waiting.IsOpen;

    /// <summary>Starts listening. The listener has taken over the sockets and the caller's reference to the loops, also when this fails.</summary>
    public static async Task<EpollConnectionListener> StartAsync(ConnectionSettings settings, EventLoopGroup loops, ListenSocket[] sockets, DescriptorReserve reserve)
    {
        EpollConnectionListener? listener = null;
        try
        {
            listener = new(settings, loops, sockets, reserve); // the first timer of a process starts a thread, which may not be had
            loops.Failed += listener.OnLoopFailed;
            settings.Observation.Add(listener._probe);
            foreach (Acceptor acceptor in listener._acceptors)
            {
                await acceptor.StartAsync().ConfigureAwait(false);
            }

            return listener;
        }
        catch
        {
            if (listener is null)
            {
                Array.ForEach(sockets, static socket => socket.Discard());
                loops.Release();
                throw;
            }

            await listener.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PendingInterruption.TakeOff(); // one that a request has left on this thread of the pool would end Kestrel's loop of accepts
        return _accepted.Reader.TryRead(out EpollConnection? connection)
            ? new(HandOut(connection))
            : WaitAsync(cancellationToken);
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        Task stopped;
        lock (_stopGate)
        {
            stopped = _stopped ??= Detached.RunOnThread(() => Stop(_stop.Drained)); // a starved pool must not hold up the drain, and a loop never waits for it
        }

        // Kestrel passes a cancelled token when its time to stop is up, and expects no exception: the caller goes on, the unbinding too.
        await stopped.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stopped.IsFaulted)
        {
            await stopped.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task disposed;
        lock (_stopGate)
        {
            _stopped ??= Detached.RunOnThread(() => Stop(_stop.AtOnce)); // dispose without unbind; a thread of the pool may have an interruption left on it
            disposed = _disposed ??= DisposeCoreAsync(_stopped);
        }

        await disposed.ConfigureAwait(false);
    }

    void IAcceptSink.OnAccepted(Acceptor acceptor, FileDescriptor descriptor, EndPoint? remoteEndPoint)
    {
        EpollConnection? connection = null;
        bool referenced = false;
        try
        {
            if (!(referenced = _loops.TryAddReference()))
            {
                descriptor.Dispose(); // the listener's own reference is gone: it was disposed meanwhile
                return;
            }

            connection = Connect(acceptor, descriptor, remoteEndPoint);
            _firstReads.Add(connection);
            connection.Start();
            if (!TryQueue(connection))
            {
                _ = RefuseAsync(connection);
            }
        }
        catch when (connection is null)
        {
            descriptor.Dispose();
            if (referenced)
            {
                _loops.Release();
            }

            throw;
        }
        catch
        {
            connection!.Start(); // if it was not yet: what was not started can't end
            _ = RefuseAsync(connection);
            throw;
        }
    }

    private EpollConnection Connect(Acceptor acceptor, FileDescriptor descriptor, EndPoint? remoteEndPoint)
    {
        bool isUnix = acceptor.Socket.IsUnix;
        if (_settings.NoDelay && !isUnix && !acceptor.Socket.IsOwned)
        {
            SocketOptions.NoDelay(_settings.Kernel, descriptor.Number); // ours inherit it; a listener that was handed to us stays as it is
        }

        return new EpollConnection(_settings, _loops.Choose(acceptor.Loop), descriptor, isUnix,
            LocalEndPoint(acceptor.Socket, descriptor), isUnix ? null : remoteEndPoint, this, acceptor.Socket.MayLinger);
    }

    /// <summary>False when nobody will accept any more.</summary>
    private bool TryQueue(EpollConnection connection)
    {
        _waiting.Enter();
        bool queued = false;
        try
        {
            return queued = _accepted.Writer.TryWrite(connection);
        }
        finally
        {
            if (!queued)
            {
                _waiting.Leave();
            }
        }
    }

    void IAcceptSink.OnFailed(SysResult error) => _failures.OnFailed(error);

    void IAcceptSink.OnExhausted(SysResult error, TimeSpan retryWithin) => _failures.OnExhausted(error, retryWithin);

    void IConnectionOwner.OnFirstBytesConsumed(EpollConnection connection) => _firstReads.Remove(connection);

    void IConnectionOwner.OnDescriptorClosed() => ResumeAcceptors();

    void IConnectionOwner.OnDisposed() => _loops.Release();

    private async ValueTask<ConnectionContext?> WaitAsync(CancellationToken cancellationToken)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            PendingInterruption.TakeOff();
            if (_accepted.Reader.TryRead(out EpollConnection? connection))
            {
                return HandOut(connection);
            }
        }

        return null;
    }

    private EpollConnection HandOut(EpollConnection connection)
    {
        if (_waiting.Leave())
        {
            ResumeAcceptors();
        }

        return connection;
    }

    private void ResumeAcceptors()
    {
        foreach (Acceptor acceptor in _acceptors)
        {
            acceptor.Resume();
        }
    }

    /// <summary>A listener on one address knows it; on a wildcard address the kernel is asked. The connection's own object: the application may change it.</summary>
    private EndPoint? LocalEndPoint(ListenSocket socket, FileDescriptor descriptor)
    {
        if (socket.EndPoint is IPEndPoint { Address: var address } && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
        {
            Span<byte> name = stackalloc byte[SocketAddresses.MaxLength];
            return _settings.Kernel.GetSocketName(descriptor.Number, name, out int length).IsOk ? SocketAddresses.FromKernel(name[..length]) : null;
        }

        return socket.EndPoint is IPEndPoint known ? new IPEndPoint(known.Address, known.Port) : socket.EndPoint;
    }

    private void Stop(Action stop)
    {
        try
        {
            stop();
        }
        finally
        {
            _accepted.Writer.TryComplete();
        }
    }

    private async Task DisposeCoreAsync(Task stopped)
    {
        await stopped.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its caller has the exception; the loops must be given back
        while (TakeWaiting() is EpollConnection connection)
        {
            await RefuseAsync(connection).ConfigureAwait(false);
        }

        EndStep(static listener => listener._loops.Failed -= listener.OnLoopFailed);
        EndStep(static listener => listener._settings.Observation.Remove(listener._probe));
        EndStep(static listener => listener._loops.Release());
    }

    private EpollConnection? TakeWaiting()
    {
        EpollConnection? connection = null;
        EndStep(listener => listener._accepted.Reader.TryRead(out connection));
        return connection;
    }

    private void EndStep(Action<EpollConnectionListener> step) => EndSteps.Run(this, step, _settings.Logger);

    private static async Task RefuseAsync(EpollConnection connection)
    {
        connection.Abort(new ConnectionAbortedException("The listener was disposed before the connection was accepted."));
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private void OnLoopFailed(Exception exception) => _accepted.Writer.TryComplete(exception);
}

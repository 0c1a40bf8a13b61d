using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>
/// One accepted connection: two pumps between the socket and two pipes. It closes its descriptor once, on its loop, when both pumps have ended.
/// </summary>
/// <remarks>Any thread, but for the handler's calls and <see cref="Close"/>, which are the lease holder's.</remarks>
internal sealed class EpollConnection : ConnectionContext, IEventHandler, IApplicationItemOwner,
    IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature, IMemoryPoolFeature,
    IConnectionLifetimeFeature, IConnectionEndPointFeature, IConnectionSocketFeature
{
    private const EpollEvents UnixEvents = EpollEvents.In | EpollEvents.RdHup;
    private const EpollEvents TcpEvents = UnixEvents | EpollEvents.Out | EpollEvents.Pri;

    private readonly ConnectionSettings _settings;
    private readonly EventLoop _loop;
    private readonly IConnectionOwner _owner;
    private readonly bool _isUnix;
    private readonly ConnectionShutdown _shutdown;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly IDuplexPipe _original;
    private readonly SocketReceiver _receiver;
    private readonly SocketSender _sender;
    private readonly CancellationTokenSource _closedSource = new();

    // The pumps that still run; whoever ends the last one has the descriptor closed.
    private int _pumps = 2;

    // The closed token and the descriptor: what DisposeAsync still waits for.
    private LastOfTwo _finish = new();

    private int _started;
    private int _disposed;

    // Lease holder only; 0 is the wake-up's token and stands for "not registered".
    private ulong _token;

    private string? _connectionId;
    private IDictionary<object, object?>? _items;

    // Made on first use by any thread, disposed by the lease holder; under the lock of _closedSource.
    private Socket? _socket;

    public EpollConnection(ConnectionSettings settings, EventLoop loop, FileDescriptor descriptor, bool isUnix,
        EndPoint? localEndPoint, EndPoint? remoteEndPoint, IConnectionOwner owner)
    {
        _settings = settings;
        _loop = loop;
        Descriptor = descriptor;
        _isUnix = isUnix;
        _shutdown = new ConnectionShutdown(settings, descriptor, isUnix);
        LocalEndPoint = localEndPoint;
        RemoteEndPoint = remoteEndPoint;
        _owner = owner;
        ConnectionClosed = _closedSource.Token;
        Features = new ConnectionFeatures(this);

        ApplicationScheduler application = new(loop, this, settings.Inline);
        SendScheduler send = new(loop);
        _input = new Pipe(settings.InputOptions(loop, application));
        _output = new Pipe(settings.OutputOptions(send, application));
        _original = Transport = new DuplexPipe(new FirstReadPipeReader(_input.Reader, this), _output.Writer);
        _receiver = new SocketReceiver(this, loop, send, settings.Kernel, _input.Writer, settings.Logger, isUnix);
        _sender = new SocketSender(this, loop, send, settings.Kernel, _output.Reader, settings.Logger, isUnix);
        loop.AddConnection();
    }

    public override string ConnectionId
    {
        get => Volatile.Read(ref _connectionId) ?? Interlocked.CompareExchange(ref _connectionId, ConnectionIds.Next(), null) ?? _connectionId;
        set => _connectionId = value;
    }

    public CallbackRecord Callbacks { get; } = new();

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    /// <summary>Whether middleware has put its own transport in the place of the connection's.</summary>
    public bool IsWrapped => !ReferenceEquals(Transport, _original);

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public System.Buffers.MemoryPool<byte> MemoryPool => _settings.Pool;

    /// <summary>A socket over the same descriptor, which it does not own; closed with the connection.</summary>
    public Socket Socket
    {
        get
        {
            lock (_closedSource)
            {
                return _socket ??= Descriptor.IsClosed
                    ? throw new ObjectDisposedException(nameof(EpollConnection))
                    : new Socket(new SafeSocketHandle(Descriptor.Number, ownsHandle: false));
            }
        }
    }

    /// <summary>The descriptor: the pumps use its number freely, others borrow it.</summary>
    public FileDescriptor Descriptor { get; }

    /// <summary>Why the connection was shut down; <see langword="null"/> while it was not.</summary>
    public Exception? ShutdownReason => _shutdown.Reason;

    /// <summary>Registers with the loop and starts both pumps. Any thread; what comes after the first call does nothing.</summary>
    public void Start()
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            return;
        }

        if (_loop.IsRunningHere)
        {
            StartHere();
        }
        else
        {
            _loop.Post(static state => ((EpollConnection)state!).StartHere(), this);
        }
    }

    public void OnEvents(EpollEvents events)
    {
        if (_isUnix && (events & EpollEvents.Out) != 0)
        {
            // Room was asked for and is there: no more events for it. Before the sender sees the edge, so that it may ask again.
            _loop.Modify(Descriptor.Number, UnixEvents, _token);
        }

        _receiver.OnEvents(events);
        _sender.OnEvents(events);
    }

    public void OnFault(Exception exception) => Abort(new ConnectionAbortedException(exception.Message, exception));

    public void OnCallbackFailed(Exception exception)
    {
        EpollTransportLog.CallbackFailed(_settings.Logger, ConnectionId, exception);
        Abort(new ConnectionAbortedException("An application callback threw.", exception));
    }

    public override void Abort() => Abort(new ConnectionAbortedException("The connection was aborted by the application."));

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Shutdown(abortReason);
        _output.Reader.CancelPendingRead();
    }

    public override async ValueTask DisposeAsync()
    {
        await _original.Input.CompleteAsync();
        await _original.Output.CompleteAsync();
        await _finish.WaitAsync();
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _closedSource.Dispose();
            await base.DisposeAsync();
            _owner.OnDisposed();
        }
    }

    /// <summary>The reader consumed its first bytes, or will never read any.</summary>
    public void OnFirstBytesConsumed() => _owner.OnFirstBytesConsumed(this);

    /// <summary>The receive pump ended; without an error if the peer or we ended the connection.</summary>
    public void OnReceiveEnded(Exception? error)
    {
        _input.Writer.Complete(ShutdownReason ?? error);
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.CancelClosedToken(), this, preferLocal: false);
        OnPumpEnded();
    }

    /// <summary>The send pump ended: nothing more will be sent, so the connection shuts down.</summary>
    public void OnSendEnded(Exception? reason)
    {
        Shutdown(reason);
        _output.Reader.Complete(reason is ConnectionResetException ? null : reason); // a reset is the peer's right: the writer just finds its reader gone
        OnPumpEnded();
    }

    /// <summary>Asks the kernel for an event when a unix socket has room again. The sender's thread.</summary>
    public void ListenForRoom()
    {
        SysResult asked = _loop.Modify(Descriptor.Number, UnixEvents | EpollEvents.Out, _token);
        if (!asked.IsOk)
        {
            // No event would ever come: the sender must not wait for it.
            Abort(new ConnectionAbortedException("The connection can't wait for room in its socket.", asked.ToException()));
        }
    }

    private void StartHere()
    {
        SysResult registered = _loop.Register(Descriptor.Number, this, _isUnix ? UnixEvents : TcpEvents, out _token);
        if (!registered.IsOk)
        {
            _token = 0;
            Abort(new ConnectionAbortedException("The connection can't be registered with epoll.", registered.ToException()));
        }

        _ = _receiver.RunAsync();
        _ = _sender.RunAsync();
    }

    private void Shutdown(Exception? reason)
    {
        _shutdown.Begin(reason, this);
        _input.Writer.CancelPendingFlush();
        _loop.Post(static state => ((EpollConnection)state!).StopPumps(), this);
    }

    private void StopPumps()
    {
        _receiver.Stop();
        _sender.Stop();
    }

    private void OnPumpEnded()
    {
        if (Interlocked.Decrement(ref _pumps) == 0)
        {
            // Posted even from the loop itself: the handler's slot must not be freed under the event that ended the pump.
            _loop.Post(static state => ((EpollConnection)state!).Close(), this);
        }
    }

    private void Close()
    {
        if (_token != 0)
        {
            _loop.Unregister(Descriptor.Number);
            _loop.Forget(_token);
        }

        lock (_closedSource)
        {
            _socket?.Dispose();
            Descriptor.Dispose();
        }

        _loop.RemoveConnection();
        _owner.OnDescriptorClosed();
        _finish.OnFinished();
    }

    private void CancelClosedToken()
    {
        try
        {
            _closedSource.Cancel();
        }
#pragma warning disable CA1031 // A callback of the application threw: it is told, and nothing here depends on it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            EpollTransportLog.CallbackFailed(_settings.Logger, ConnectionId, exception);
        }

        _finish.OnFinished();
    }

    /// <summary>The application's ends of the two pipes.</summary>
    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = output;
    }
}

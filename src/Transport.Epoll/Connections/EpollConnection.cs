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
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.Connections;

/// <summary>
/// One accepted connection: two pumps between the socket and two pipes. It closes its descriptor once, on its loop, when both pumps have ended.
/// </summary>
/// <remarks>Any thread, but for the handler's calls and <see cref="Close"/>, which are the lease holder's.</remarks>
internal sealed class EpollConnection : ConnectionContext, IEventHandler, IMeasuredOwner, IObservedConnection,
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
    private readonly ClosedSignal _closed;
    private readonly SocketLoan _loan;

    // The pumps that still run; whoever ends the last one has the descriptor closed.
    private int _pumps = 2;
    private int _started;
    private int _disposed;

    // Lease holder only; 0 is the wake-up's token and stands for "not registered".
    private ulong _token;

    private string? _connectionId;
    private IDictionary<object, object?>? _items;

    public EpollConnection(ConnectionSettings settings, EventLoop loop, FileDescriptor descriptor, bool isUnix,
        EndPoint? localEndPoint, EndPoint? remoteEndPoint, IConnectionOwner owner, bool mayLinger = false)
    {
        _settings = settings;
        _loop = loop;
        Descriptor = descriptor;
        _isUnix = isUnix;
        Facts = new ConnectionFacts(settings.Kernel, loop, descriptor, isUnix);
        _shutdown = new ConnectionShutdown(settings, descriptor, isUnix, Facts);
        LocalEndPoint = localEndPoint;
        RemoteEndPoint = remoteEndPoint;
        _owner = owner;
        _closed = new ClosedSignal(settings, this);
        ConnectionClosed = _closed.Token;
        _loan = new SocketLoan(settings.Kernel, descriptor, this, isUnix, mayLinger);
        Features = new ConnectionFeatures(this, Facts, settings.RecordBlocks);

        ApplicationScheduler application = new(loop, this, settings.Inline);
        SendScheduler send = new(loop);
        _input = new Pipe(settings.InputOptions(loop, application));
        _output = new Pipe(settings.OutputOptions(send, application));
        _original = Transport = new DuplexPipe(new FirstReadPipeReader(_input.Reader, this), _output.Writer);
        _receiver = new SocketReceiver(this, loop, send, settings.Kernel, _input.Writer, settings.Logger, isUnix);
        _sender = new SocketSender(this, loop, send, settings.Kernel, _output.Reader, settings.Logger, isUnix);
        Facts.OnStarted(this);
    }

    public override string ConnectionId
    {
        get => Volatile.Read(ref _connectionId) ?? Interlocked.CompareExchange(ref _connectionId, ConnectionIds.Next(), null) ?? _connectionId;
        set => _connectionId = value;
    }

    public CallbackRecord Callbacks { get; } = new();

    /// <summary>Its traffic, and how it came to end.</summary>
    public ConnectionFacts Facts { get; }

    public string? Description => Facts.Description;

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    /// <summary>Whether middleware reads first: it has put its own transport in the place of the connection's, or will, once the TLS handshake is done.</summary>
    public bool IsWrapped => !ReferenceEquals(Transport, _original) || Features.Get<ITlsHandshakeFeature>() is not null;

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public System.Buffers.MemoryPool<byte> MemoryPool => _settings.Pool;

    /// <summary>A socket over the same descriptor, which it does not own; closed with the connection, which ends when the application closes it.</summary>
    /// <exception cref="ObjectDisposedException">The connection has ended, or the application has closed the socket.</exception>
    public Socket Socket => _loan.Lend();

    /// <summary>The descriptor: the pumps use its number freely, others borrow it.</summary>
    public FileDescriptor Descriptor { get; }

    /// <summary>Why the connection was shut down; <see langword="null"/> while it was not.</summary>
    public Exception? ShutdownReason => _shutdown.Reason;

    /// <summary>Whether a send is under way, or one has failed whose reason is not published yet. Any thread.</summary>
    public bool IsSending => _sender.IsSending;

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

    public EpollConnectionSnapshot? Capture(bool withTcpInfo) => Facts.Capture(this, isClosing: ShutdownReason is not null, onPool: Callbacks.IsOnPool, withTcpInfo);

    public void OnFault(Exception exception) => Abort(new ConnectionAbortedException(exception.Message, exception));

    public void OnCallbackFailed(Exception exception)
    {
        EpollTransportLog.CallbackFailed(_settings.Logger, ConnectionId, exception);
        Abort(new ConnectionAbortedException("An application callback threw.", exception));
    }

    /// <summary>Kestrel's own connections give this way of aborting a reason of its own.</summary>
    void IConnectionLifetimeFeature.Abort()
        => Abort(new ConnectionAbortedException("The connection was aborted by the application via IConnectionLifetimeFeature.Abort()."));

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Shutdown(abortReason);
        EndStep(this, static connection => connection._output.Reader.CancelPendingRead());
    }

    /// <summary>Always ends and never throws, whatever its steps do: whoever disposes gives the connection back.</summary>
    public override async ValueTask DisposeAsync()
    {
        // The pipes' ends complete in place.
        EndStep(this, static connection => connection._original.Input.Complete());
        EndStep(this, static connection => connection._original.Output.Complete());
        await _closed.WaitAsync();
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            EndStep(this, static connection => connection._closed.Dispose());
            EndStep(this, static connection => connection._owner.OnDisposed());
            await base.DisposeAsync();
        }
    }

    /// <summary>The reader consumed its first bytes, or will never read any.</summary>
    public void OnFirstBytesConsumed() => EndStep(this, static connection => connection._owner.OnFirstBytesConsumed(connection));

    /// <summary>The receive pump ended; without an error if the peer or we ended the connection.</summary>
    public void OnReceiveEnded(Exception? error)
    {
        EndStep((Connection: this, Error: error), static end => end.Connection._input.Writer.Complete(end.Connection.ShutdownReason ?? end.Error));
        EndStep(this, static connection => connection._closed.Tell());
        OnPumpEnded();
    }

    /// <summary>The send pump ended: nothing more will be sent, so the connection shuts down.</summary>
    public void OnSendEnded(Exception? reason)
    {
        Shutdown(reason);

        // A reset is the peer's right: the writer just finds its reader gone.
        EndStep((Connection: this, Error: reason is ConnectionResetException ? null : reason), static end => end.Connection._output.Reader.Complete(end.Error));
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
        EndStep(this, static connection => connection.Register());
        if (_token == 0)
        {
            Abort(new ConnectionAbortedException("The connection can't be registered with epoll.")); // unless it was said why
        }

        _ = _receiver.RunAsync();
        _ = _sender.RunAsync();
    }

    private void Register()
    {
        SysResult registered = _loop.Register(Descriptor.Number, this, _isUnix ? UnixEvents : TcpEvents, out ulong token);
        if (registered.IsOk)
        {
            _token = token;
        }
        else
        {
            Abort(new ConnectionAbortedException("The connection can't be registered with epoll.", registered.ToException()));
        }
    }

    private void Shutdown(Exception? reason)
    {
        EndStep((Connection: this, Reason: reason), static end => end.Connection._shutdown.Begin(end.Reason, end.Connection));
        EndStep(this, static connection => connection._input.Writer.CancelPendingFlush());
        EndStep(this, static connection => connection._loop.Post(static state => ((EpollConnection)state!).StopPumps(), connection));
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
            EndStep(this, static connection => connection._loop.Post(static state => ((EpollConnection)state!).Close(), connection));
        }
    }

    private void Close()
    {
        if (_token != 0)
        {
            EndStep(this, static connection => connection._loop.Unregister(connection.Descriptor.Number));
            EndStep(this, static connection => connection._loop.Forget(connection._token));
        }

        bool lingers = false;
        EndStep(this, connection => lingers = connection._loan.Recall());
        if (!lingers || !LingeringClose.TryBegin(CloseDescriptor, _settings.Logger))
        {
            CloseDescriptor();
        }
    }

    /// <summary>Any thread.</summary>
    private void CloseDescriptor()
    {
        EndStep(this, static connection => connection.Descriptor.Dispose());
        EndStep(this, static connection => connection.Facts.OnEnded(connection));
        EndStep(this, static connection => connection._owner.OnDescriptorClosed());
        _closed.OnDescriptorClosed();
    }

    private void EndStep<T>(T state, Action<T> step) => EndSteps.Run(state, step, _settings.Logger);
}

using System.Buffers;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Transport.Epoll.Connections;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Listening;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll;

/// <summary>
/// Binds endpoints to listeners. All listeners share one group of loops, which starts with the first listener and ends with the last
/// listener and connection. Where epoll can't be had it binds nothing, and Kestrel asks the factory registered before it.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class EpollTransportFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <summary>As with Kestrel's own transports: dashboards pick the metrics <c>aspnetcore.memory_pool.*</c> by it.</summary>
    private const string PoolOwner = "kestrel";

    private readonly EpollTransportOptions _options;
    private readonly ILogger _logger;
    private readonly IMemoryPoolFactory<byte>? _pools;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly SchedulingCounters _counters;
    private readonly bool _hasMeter;
    private readonly ServingReport _report;
    private readonly string? _obstacle;
    private readonly Lock _gate = new();

    // Under the gate. The pool lives as long as the group; the reserve watches for all listeners.
    private EventLoopGroup? _loops;
    private MemoryPool<byte> _pool = MemoryPool<byte>.Shared;
    private DescriptorReserve? _reserve;

    public EpollTransportFactory(IOptions<EpollTransportOptions> options, ILoggerFactory? loggerFactory = null,
        IMemoryPoolFactory<byte>? memoryPoolFactory = null, IHostApplicationLifetime? lifetime = null, IMeterFactory? meters = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Value;
        _logger = new OffLoopLogger((loggerFactory ?? NullLoggerFactory.Instance).CreateLogger(EpollTransportLog.Category));
        _pools = memoryPoolFactory;
        _lifetime = lifetime;
        _counters = new SchedulingCounters(_logger);
        Observation = new TransportObservation(_options.Scheduling.ToString(), _counters);
        _hasMeter = meters is not null;
        if (meters is not null)
        {
            TransportInstruments.Create(meters.Create(SchedulingCounters.MeterName), () => [Observation]);
        }

        _report = new ServingReport(_options, _logger);
        _obstacle = EpollAvailability.FindObstacle();
        if (_obstacle is not null)
        {
            EpollTransportLog.NotAvailable(_logger, _obstacle);
        }
        else if (_options.IgnoredSocketOptions.Length > 0)
        {
            EpollTransportLog.SocketOptionsIgnored(_logger, _options.IgnoredSocketOptions);
        }
    }

    /// <summary>The system calls; a test may watch them.</summary>
    internal Kernel Kernel { get; init; } = Kernel.Linux;

    /// <summary>What may be observed of the loops and listeners.</summary>
    internal TransportObservation Observation { get; }

    /// <summary>The loops of the latest listener; <see langword="null"/> before the first.</summary>
    internal EventLoopGroup? Loops
    {
        get
        {
            lock (_gate)
            {
                return _loops;
            }
        }
    }

    public bool CanBind(EndPoint endpoint)
        => _obstacle is null && endpoint is IPEndPoint or UnixDomainSocketEndPoint or FileHandleEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        cancellationToken.ThrowIfCancellationRequested();
        if (_obstacle is not null)
        {
            throw new NotSupportedException($"The epoll transport is not available: {_obstacle}");
        }

        if (!CanBind(endpoint))
        {
            throw new NotSupportedException($"The epoll transport can't bind {endpoint.GetType()}: it serves IPEndPoint, UnixDomainSocketEndPoint and FileHandleEndPoint.");
        }

        EpollConnectionListener listener = await BindCoreAsync(endpoint).ConfigureAwait(false);
        _report.Write(Kernel);
        return listener;
    }

    private async Task<EpollConnectionListener> BindCoreAsync(EndPoint endpoint)
    {
        (EventLoopGroup loops, ConnectionSettings settings, DescriptorReserve reserve) = TakeLoops();
        ListenSocket[] sockets;
        try
        {
            int count = _options.ListenerSharding == ListenerSharding.SocketPerLoop ? loops.Loops.Length : 1;
            sockets = _options.CreateBoundListenSocket is Func<EndPoint, Socket> create
                ? [ForeignSocket.Create(settings.Kernel, create, endpoint, _options.Backlog, _options.NoDelay, UnixAccess(endpoint))]
                : ListenSocket.Bind(settings.Kernel, endpoint, count, _options.Backlog, _options.NoDelay, UnixAccess(endpoint));
        }
        catch
        {
            loops.Release();
            throw;
        }

        return await EpollConnectionListener.StartAsync(settings, loops, sockets, reserve).ConfigureAwait(false);
    }

    private UnixSocketAccess? UnixAccess(EndPoint endpoint) => endpoint is UnixDomainSocketEndPoint
        ? new(_options.UnixSocketMode, UnixAccounts.UserId(_options.UnixSocketUser), UnixAccounts.GroupId(_options.UnixSocketGroup))
        : null;

    /// <summary>The running group with a reference for the caller, or a new one if there is none.</summary>
    private (EventLoopGroup Loops, ConnectionSettings Settings, DescriptorReserve Reserve) TakeLoops()
    {
        lock (_gate)
        {
            if (_loops is null || !_loops.TryAddReference())
            {
                MemoryPool<byte> pool = _pools?.Create(new MemoryPoolOptions { Owner = PoolOwner }) ?? MemoryPool<byte>.Shared;
                try
                {
                    _loops = EventLoopFactory.CreateGroup(Kernel, _options.LoopCount, _options.SpinDuration, _options.CpuAffinity,
                        _options.Scheduling == EpollScheduling.Auto ? _options.Auto.ToTimes() : null, _counters, _logger, () =>
                        {
                            EndSteps.Run(Observation, LiveTransports.Remove, _logger);
                            EndSteps.Run(pool, static pool => pool.Dispose(), _logger);
                        });
                }
                catch
                {
                    pool.Dispose();
                    throw;
                }

                _loops.Failed += OnLoopFailed;
                _pool = pool;
                Observation.Begin(_loops.Loops.ToArray().Select(static loop => loop.Probe), _loops.Threads);
                LiveTransports.Add(Observation, _hasMeter);
            }

            return (_loops, CreateSettings(), _reserve ??= new DescriptorReserve(Kernel, _options.LoopCount));
        }
    }

    private ConnectionSettings CreateSettings() => new(Kernel, _pool, _logger, _options.Scheduling != EpollScheduling.ThreadPool, _options.NoDelay,
        _options.MaxReadBufferSize ?? 0, _options.MaxWriteBufferSize ?? 0,
        AppContext.TryGetSwitch("Microsoft.AspNetCore.Server.Kestrel.FinOnError", out bool finOnError) && finOnError)
    {
        Observation = Observation,

        // An application that brings a pool of its own wants all buffers to come from it.
        RecordBlocks = _pools?.GetType().Namespace?.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) is null or true ? RecordBlocks.Instance : null,
    };

    /// <summary>A loop can't go on: its connections are lost, so the host goes down, loudly, rather than serve half of its clients.</summary>
    private void OnLoopFailed(Exception exception)
    {
        EpollTransportLog.LoopEnded(_logger, exception);
        if (_lifetime is not null)
        {
            _ = Detached.RunOnThread(_lifetime.StopApplication); // the application's own code runs there, and other loops need this thread
        }
    }
}

namespace Transport.Epoll.Diagnostics;

/// <summary>Tells what the epoll transport of a host does at this moment. <c>UseEpollTransport</c> adds it to the host's services, as a singleton.</summary>
/// <remarks>Any thread.</remarks>
public sealed class EpollDiagnostics
{
    private static readonly EpollCaptureOptions s_defaults = new();

    private readonly Func<TransportObservation?> _transport;

    internal EpollDiagnostics(Func<TransportObservation?> transport) => _transport = transport;

    /// <summary>
    /// Lists threads, loops, listeners and connections. It stops nothing and waits for nothing: each figure is read as it is, so they need not fit each other exactly. It costs the calling
    /// thread about a microsecond for each connection that is listed.
    /// </summary>
    /// <param name="options">What is listed; without, the defaults hold.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="EpollCaptureOptions.MaxConnections"/> is below 0.</exception>
    /// <exception cref="InvalidOperationException">The host has no epoll transport.</exception>
    public EpollSnapshot Capture(EpollCaptureOptions? options = null)
    {
        options ??= s_defaults;
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxConnections, $"{nameof(options)}.{nameof(options.MaxConnections)}");
        TransportObservation transport = _transport() ?? throw new InvalidOperationException("The host has no epoll transport: UseEpollTransport() or AddEpollTransport() adds it.");
        IReadOnlyList<LoopWindow> loops = transport.Loops;
        (int driving, int reserve, int lent, int heldUp) = transport.Threads;
        return new EpollSnapshot
        {
            CapturedAt = DateTimeOffset.UtcNow,
            Scheduling = transport.Scheduling,
            Threads = new EpollThreadsSnapshot
            {
                Driving = driving,
                Reserve = reserve,
                Lent = lent,
                HeldUp = heldUp,
                Started = transport.Counters.ThreadsStarted,
                Ended = transport.Counters.ThreadsEnded,
            },
            HeldUpCallbacks = transport.Counters.HeldUp.Capture(),
            Loops = [.. loops.Select(static window => window.Loop.Capture(window))],
            Listeners = [.. transport.Listeners.Select(static listener => listener.Capture()).OrderBy(static listener => listener.EndPoint, StringComparer.Ordinal)],
            Connections = Connections(loops, options),
            ConnectionCount = loops.Sum(static window => window.Loop.Counters.Shared.Connections),
        };
    }

    private static List<EpollConnectionSnapshot> Connections(IReadOnlyList<LoopWindow> loops, EpollCaptureOptions options)
    {
        List<EpollConnectionSnapshot> snapshots = [];
        for (int i = 0; i < loops.Count; i++)
        {
            List<IObservedConnection> connections = [];
            int share = (options.MaxConnections - snapshots.Count) / (loops.Count - i); // each loop has its share; what one leaves is for those after it
            loops[i].Loop.AddConnections(connections, share);
            foreach (IObservedConnection connection in connections)
            {
                if (connection.Capture(options.WithTcpInfo) is EpollConnectionSnapshot snapshot)
                {
                    snapshots.Add(snapshot);
                }
            }
        }

        return snapshots;
    }
}

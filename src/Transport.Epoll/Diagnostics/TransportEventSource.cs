using System.Diagnostics.Tracing;

namespace Transport.Epoll.Diagnostics;

/// <summary>
/// The event source <c>Transport-Epoll</c>: counters for tools such as dotnet-counters, over all hosts of the process, and events for traces.
/// Events are written on the thread pool: a listener within the process runs where an event is written, and no loop may wait for it.
/// </summary>
/// <remarks>Any thread.</remarks>
[EventSource(Name = SourceName)]
internal sealed class TransportEventSource : EventSource
{
    public const string SourceName = "Transport-Epoll";

    public static readonly TransportEventSource Log = new();

    private readonly OffLoopQueue _queue = new();

    // Made when somebody listens for the first time; under the lock of EventSource, which calls OnEventCommand.
    private EventCounterSet? _counters;

    // The other format would leave events with more than three values out of sessions without keywords, such as dotnet-trace's (EventProvider.IsEnabled).
    private TransportEventSource()
        : base(EventSourceSettings.EtwSelfDescribingEventFormat)
    {
    }

    [NonEvent]
    public void OnConnectionStarted(string connectionId, int loopIndex, object? localEndPoint, object? remoteEndPoint)
    {
        if (IsEnabled(EventLevel.Informational, EventKeywords.None))
        {
            _queue.Enqueue(() => ConnectionStart(connectionId, loopIndex, localEndPoint?.ToString() ?? "", remoteEndPoint?.ToString() ?? ""));
        }
    }

    [NonEvent]
    public void OnConnectionEnded(string connectionId, int loopIndex, ConnectionEnd end, long received, long sent, TimeSpan age)
    {
        if (IsEnabled(EventLevel.Informational, EventKeywords.None))
        {
            _queue.Enqueue(() => ConnectionStop(connectionId, loopIndex, end.Name(), received, sent, age.TotalMilliseconds));
        }
    }

    [NonEvent]
    public void OnTakenOver(string loop, string connectionId, string? description, int threadId, TimeSpan ran)
    {
        if (IsEnabled(EventLevel.Warning, EventKeywords.None))
        {
            _queue.Enqueue(() => TakenOver(loop, connectionId, description ?? "", threadId, ran.TotalMilliseconds));
        }
    }

    [NonEvent]
    public void OnAcceptFailed(object endPoint, string error)
    {
        if (IsEnabled(EventLevel.Warning, EventKeywords.None))
        {
            _queue.Enqueue(() => AcceptFailed(endPoint.ToString() ?? "", error));
        }
    }

    [NonEvent]
    public void OnThreadStarted(int threads)
    {
        if (IsEnabled(EventLevel.Verbose, EventKeywords.None))
        {
            _queue.Enqueue(() => ThreadStarted(threads));
        }
    }

    [NonEvent]
    public void OnThreadEnded(int threads)
    {
        if (IsEnabled(EventLevel.Verbose, EventKeywords.None))
        {
            _queue.Enqueue(() => ThreadEnded(threads));
        }
    }

    protected override void OnEventCommand(EventCommandEventArgs command)
    {
        if (command.Command == EventCommand.Enable)
        {
            _counters ??= new EventCounterSet(this);
        }
    }

    // Start and stop are on different threads: no activity follows from them.
    [Event(1, Level = EventLevel.Informational, ActivityOptions = EventActivityOptions.Disable)]
    private void ConnectionStart(string connectionId, int loopIndex, string localEndPoint, string remoteEndPoint)
        => WriteEvent(1, connectionId, loopIndex, localEndPoint, remoteEndPoint);

    [Event(2, Level = EventLevel.Informational, ActivityOptions = EventActivityOptions.Disable)]
    private void ConnectionStop(string connectionId, int loopIndex, string endReason, long bytesReceived, long bytesSent, double milliseconds)
        => WriteEvent(2, connectionId, loopIndex, endReason, bytesReceived, bytesSent, milliseconds);

    [Event(3, Level = EventLevel.Warning)]
    private void TakenOver(string loop, string connectionId, string description, int threadId, double milliseconds)
        => WriteEvent(3, loop, connectionId, description, threadId, milliseconds);

    [Event(4, Level = EventLevel.Warning)]
    private void AcceptFailed(string endPoint, string error) => WriteEvent(4, endPoint, error);

    [Event(5, Level = EventLevel.Verbose)]
    private void ThreadStarted(int threads) => WriteEvent(5, threads);

    [Event(6, Level = EventLevel.Verbose)]
    private void ThreadEnded(int threads) => WriteEvent(6, threads);
}

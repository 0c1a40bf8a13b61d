using System.Collections.Concurrent;

namespace Transport.Epoll.Diagnostics;

/// <summary>All that may be observed of one factory: its loops, listeners and threads, which come and go with the endpoints that are bound.</summary>
/// <remarks>Any thread.</remarks>
/// <param name="scheduling">The mode's name.</param>
/// <param name="counters">What the loops count together.</param>
internal sealed class TransportObservation(string scheduling, SchedulingCounters counters)
{
    private readonly ConcurrentDictionary<IObservedListener, bool> _listeners = new();

    // Replaced as a whole; those of a group that has ended stay until the next begins, so that no counter falls.
    private volatile LoopWindow[] _loops = [];
    private volatile IObservedThreads? _threads;

    public string Scheduling => scheduling;

    public SchedulingCounters Counters => counters;

    public IReadOnlyList<LoopWindow> Loops => _loops;

    public IEnumerable<IObservedListener> Listeners => _listeners.Keys;

    public (int Driving, int Reserve, int Lent, int HeldUp) Threads => _threads?.Count() ?? default;

    /// <summary>A group of loops runs.</summary>
    public void Begin(IEnumerable<IObservedLoop> loops, IObservedThreads threads)
    {
        _loops = [.. loops.Select(static loop => new LoopWindow(loop))];
        _threads = threads;
    }

    public void Add(IObservedListener listener) => _listeners[listener] = true;

    public void Remove(IObservedListener listener) => _listeners.TryRemove(listener, out _);
}

using System.Runtime.ExceptionServices;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// The loops that all endpoints of a factory share. They live while somebody holds a reference (each listener and each connection has one);
/// with the last one they end, for good.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class EventLoopGroup
{
    private readonly EventLoop[] _loops;
    private readonly Action _onEnded;
    private readonly DriverThreads _threads;
    private readonly Action? _onLoopsEnded;
    private int _references = 1;

    // Loops that have not ended.
    private int _running;

    /// <summary>Starts <paramref name="count"/> loops, and returns when all run. The caller has the first reference. What goes wrong ends what was started before.</summary>
    /// <param name="count">The number of loops.</param>
    /// <param name="createLoop">Makes loop number i of the group; a loop that has ended calls the action.</param>
    /// <param name="onEnded">Called once, by whoever gave back the last reference.</param>
    /// <param name="threads">What drives the loops.</param>
    /// <param name="onLoopsEnded">Called once, when no loop runs any more.</param>
    /// <param name="onStarted">Called last, with all loops running; if it throws, the group has not started.</param>
    public EventLoopGroup(int count, Func<int, Action<Exception?>, EventLoop> createLoop, Action onEnded, DriverThreads threads, Action? onLoopsEnded = null,
        Action<EventLoop[]>? onStarted = null)
    {
        _onEnded = onEnded;
        _threads = threads;
        _onLoopsEnded = onLoopsEnded;
        _running = count;
        _loops = new EventLoop[count];
        int driven = 0;
        try
        {
            for (int i = 0; i < count; i++)
            {
                EventLoop loop = _loops[i] = createLoop(i, OnLoopEnded);
                if (threads.Carriers is Carriers carriers)
                {
                    carriers.Add(loop);
                }
                else
                {
                    threads.Start(loop.Name, loop.Drive);
                    driven++;
                }
            }

            threads.Carriers?.Start(threads);
            driven = count;
            foreach (EventLoop loop in _loops)
            {
                if (loop.Started.Task.Result is Exception failure)
                {
                    ExceptionDispatchInfo.Throw(failure);
                }
            }

            onStarted?.Invoke(_loops);
        }
        catch
        {
            for (int i = 0; i < count && _loops[i] is EventLoop loop; i++)
            {
                if (i < driven)
                {
                    loop.Stop();
                }
                else
                {
                    loop.Close(); // made, and nobody drives it
                }
            }

            if (driven == 0)
            {
                threads.Carriers?.Discard();
            }

            _threads.Close();
            throw;
        }
    }

    /// <summary>A loop can't go on. Raised once per such loop, by its former driver.</summary>
    public event Action<Exception>? Failed;

    public ReadOnlySpan<EventLoop> Loops => _loops;

    /// <summary>What drives them.</summary>
    public DriverThreads Threads => _threads;

    /// <summary>What they share in the Auto mode; <see langword="null"/> in the others.</summary>
    public AutoScheduling? Auto { get; init; }

    /// <summary>The loop with the fewest connections that has not ended.</summary>
    public EventLoop LeastLoaded()
    {
        EventLoop least = _loops[0];
        foreach (EventLoop loop in _loops)
        {
            if (!loop.HasEnded && (least.HasEnded || loop.ConnectionCount < least.ConnectionCount))
            {
                least = loop;
            }
        }

        return least;
    }

    /// <summary>The loop for a connection that <paramref name="own"/> has accepted: itself, unless it has ended or another one has clearly fewer connections. The kernel's hash is lumpy while they are few.</summary>
    public EventLoop Choose(EventLoop own)
    {
        EventLoop least = LeastLoaded();
        return own.HasEnded || own.ConnectionCount > least.ConnectionCount + 1 + (least.ConnectionCount / 4) ? least : own;
    }

    /// <summary>Takes a reference, unless the group has ended.</summary>
    public bool TryAddReference()
    {
        int seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            int found = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (found == seen)
            {
                return true;
            }

            seen = found;
        }

        return false;
    }

    /// <summary>A loop has ended; with an exception if it could not go on. Carriers, watchdog and standbys end after the last one.</summary>
    private void OnLoopEnded(Exception? failure)
    {
        if (failure is not null)
        {
            Failed?.Invoke(failure);
        }

        if (Interlocked.Decrement(ref _running) == 0)
        {
            _threads.Carriers?.Stop();
            _onLoopsEnded?.Invoke();
            _threads.Close();
        }
    }

    /// <summary>Gives a reference back.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            foreach (EventLoop loop in _loops)
            {
                loop.Stop();
            }

            _onEnded();
        }
    }
}

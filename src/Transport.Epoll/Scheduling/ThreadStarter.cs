using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Scheduling;

/// <summary>
/// Starts background threads, without the caller's execution context. One that can't be started, for a limit of processes or for want of
/// memory, must cost the process nothing but that thread: it is reported once, and the next try comes after a pause.
/// </summary>
/// <param name="onFailed">Called with the first failure after a success. It must neither block nor throw.</param>
/// <param name="start">Starts a thread; a test's may fail.</param>
/// <param name="clock">Measures the pauses; a test's may stand still.</param>
/// <remarks>Any thread.</remarks>
internal sealed class ThreadStarter(Action<Exception>? onFailed = null, Action<Thread>? start = null, TimeProvider? clock = null)
{
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Action<Thread> _start = start ?? (static thread => thread.UnsafeStart());
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    // Guards the one below: one try at a time.
    private readonly object _gate = new();
    private long? _failedAt; // none: the last try worked

    /// <summary>The same, for threads whose want nobody needs to be told of: with pauses of its own.</summary>
    public ThreadStarter Quiet() => new(onFailed: null, _start, _clock);

    /// <summary>Starts a thread that is needed: what goes wrong is the caller's.</summary>
    public void Start(string name, Action run) => _start(new Thread(() => run()) { IsBackground = true, Name = name });

    /// <summary>Starts a thread that can be done without. False: it could not be started, now or lately.</summary>
    public bool TryStart(string name, Action run)
    {
        Uninterruptible.Enter(_gate); // a loop's thread closes connections
        try
        {
            if (_failedAt is long failedAt && _clock.GetElapsedTime(failedAt) < Pause)
            {
                return false;
            }

            Start(name, run);
            _failedAt = null;
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            if (_failedAt is null)
            {
                onFailed?.Invoke(exception);
            }

            _failedAt = _clock.GetTimestamp();
            return false;
        }
        finally
        {
            Monitor.Exit(_gate);
        }
    }
}

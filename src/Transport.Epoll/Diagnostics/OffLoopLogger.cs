using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Transport.Epoll.Diagnostics;

/// <summary>
/// Hands each message to the pool, in order: a log sink may block, and a loop must not wait for it. A sink that is stuck costs one pool
/// thread; past <see cref="MaxQueued"/> waiting messages further ones are dropped, so that it can't fill the memory either.
/// </summary>
/// <remarks>Any thread writes; one pool work item at a time reads.</remarks>
internal sealed class OffLoopLogger(ILogger logger) : ILogger, IThreadPoolWorkItem
{
    public const int MaxQueued = 10_000;

    private readonly ConcurrentQueue<Action> _messages = new();

    // The number of messages queued or being written; who raises it from 0 starts the work item.
    private int _queued;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    /// <summary>Asked in place, also by loops. A sink that throws even here is told nothing: its exception must not reach the one who asks.</summary>
    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return logger.IsEnabled(logLevel);
        }
#pragma warning disable CA1031 // As with Log: a log sink that throws loses its message, nothing else.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (Volatile.Read(ref _queued) >= MaxQueued)
        {
            return;
        }

        try
        {
            _messages.Enqueue(() => logger.Log(logLevel, eventId, state, exception, formatter));
        }
        catch (ThreadInterruptedException)
        {
            return; // a callback left it on the loop's thread: a message is the least that it can cost
        }

        if (Interlocked.Increment(ref _queued) == 1)
        {
            StartWriting();
        }
    }

    /// <summary>All later messages wait for this work item, so an interruption that was left on the thread must not cost it.</summary>
    private void StartWriting()
    {
        while (true)
        {
            try
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            try
            {
                if (_messages.TryDequeue(out Action? write))
                {
                    write();
                }
            }
#pragma warning disable CA1031 // A log sink that throws loses its message, nothing else; so does an interruption that was left on the thread.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
        while (Interlocked.Decrement(ref _queued) != 0);
    }
}

using Microsoft.Extensions.Logging;

namespace Transport.Epoll.Diagnostics;

/// <summary>
/// Hands each message to the pool, in order: a log sink may block, and a loop must not wait for it (<see cref="OffLoopQueue"/>). There the sink is asked, too, whether it
/// wants the message: who has one seldom, or must not wait for user code, does not ask before.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class OffLoopLogger(ILogger logger) : ILogger
{
    public const int MaxQueued = OffLoopQueue.MaxQueued;

    private readonly OffLoopQueue _messages = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    /// <summary>Asked in place, by loops for what each connection has to tell. A sink that throws even here is told nothing: its exception must not reach the one who asks.</summary>
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
        => _messages.Enqueue(() =>
        {
            if (logger.IsEnabled(logLevel))
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
        });
}

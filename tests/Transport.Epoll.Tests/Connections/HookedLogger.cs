using Microsoft.Extensions.Logging;

namespace Transport.Epoll.Tests.Connections;

/// <summary>Passes each message and question on after a hook has run on the writer's thread: the place for a gate. Any thread.</summary>
internal sealed class HookedLogger(ILogger inner) : ILogger
{
    /// <summary>Gets the id of the message.</summary>
    public Action<int>? Before { get; set; }

    /// <summary>Before it says whether a level is enabled.</summary>
    public Action? Asked { get; set; }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        Asked?.Invoke();
        return inner.IsEnabled(logLevel);
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Before?.Invoke(eventId.Id);
        inner.Log(logLevel, eventId, state, exception, formatter);
    }
}

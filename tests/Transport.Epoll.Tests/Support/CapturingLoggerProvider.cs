using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Transport.Epoll.Tests.Support;

/// <summary>One log message and the thread that wrote it.</summary>
internal sealed record LogRecord(string Category, LogLevel Level, EventId Id, string Message, Exception? Exception, string? ThreadName)
{
    public override string ToString() => $"{Level} {Category}[{Id.Id} {Id.Name}] {Message} {Exception?.Message} (thread '{ThreadName}')";
}

/// <summary>Keeps every log message in memory. Any thread.</summary>
internal sealed class CapturingLoggerProvider : ILoggerProvider
{
    private readonly ConcurrentQueue<LogRecord> _records = new();

    public IReadOnlyCollection<LogRecord> Records => _records;

    public IEnumerable<LogRecord> Of(TransportKind kind, int id) =>
        _records.Where(record => record.Category == kind.Category() && record.Id.Id == id);

    public bool Has(TransportKind kind, int id) => Of(kind, id).Any();

    public IEnumerable<LogRecord> AtLeast(LogLevel level) => _records.Where(record => record.Level >= level);

    public Task WaitForAsync(TransportKind kind, int id) => Waiting.UntilAsync(() => Has(kind, id), what: $"log {id} of {kind.Category()}");

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(CapturingLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            owner._records.Enqueue(new LogRecord(category, logLevel, eventId, formatter(state, exception), exception, Thread.CurrentThread.Name));
        }
    }
}

using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

public class OffLoopLoggerTests
{
    private readonly Sink _sink = new();
    private readonly OffLoopLogger _logger;

    public OffLoopLoggerTests() => _logger = new OffLoopLogger(_sink);

    [Fact]
    public async Task Log_OneWriter_KeepsTheOrderOnThePool()
    {
        for (int i = 0; i < 5000; i++)
        {
            Write(i);
        }

        await _sink.WaitForAsync(4999);
        Assert.Equal(Enumerable.Range(0, 5000), _sink.Messages);
        Assert.True(_sink.OnPoolOnly);
    }

    [Fact]
    public async Task Log_FourWriters_KeepsEachWritersOrder()
    {
        using Barrier together = new(4);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait(Waiting.Limit);
            for (int i = 0; i < 1000; i++)
            {
                Write((writer * 10_000) + i);
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).WithTimeout();
        Write(-1);
        await _sink.WaitForAsync(-1);

        for (int writer = 0; writer < 4; writer++)
        {
            Assert.Equal(Enumerable.Range(writer * 10_000, 1000), _sink.Messages.Where(message => message >= 0 && message / 10_000 == writer));
        }
    }

    [Fact]
    public async Task Log_SinkIsStuck_DropsPastTheLimitWithoutBlocking()
    {
        using ManualResetEventSlim gate = new();
        _sink.Before = () => gate.Wait(Waiting.Limit);
        for (int i = 0; i < OffLoopLogger.MaxQueued + 500; i++)
        {
            Write(i);
        }

        gate.Set();
        await _sink.WaitForAsync(OffLoopLogger.MaxQueued - 1);

        Assert.Equal(Enumerable.Range(0, OffLoopLogger.MaxQueued), _sink.Messages);
        await Waiting.UntilAsync(() =>
        {
            Write(-1);
            return _sink.Messages.Contains(-1);
        });
    }

    [Fact]
    public async Task Log_SinkThrows_WritesTheNext()
    {
        int calls = 0;
        _sink.Before = () =>
        {
            if (calls++ == 0)
            {
                throw new InvalidOperationException("from the sink");
            }
        };

        Write(1);
        Write(2);

        await _sink.WaitForAsync(2);
        Assert.Equal([2], _sink.Messages);
    }

    [Fact]
    public void IsEnabled_Always_AsksTheSink()
    {
        Assert.True(_logger.IsEnabled(LogLevel.Warning));
        Assert.False(_logger.IsEnabled(LogLevel.Trace));
        Assert.Null(_logger.BeginScope("scope"));
    }

    [Fact]
    public void IsEnabled_SinkThrows_IsFalse()
    {
        _sink.BeforeIsEnabled = () => throw new InvalidOperationException("from the sink");

        Assert.False(_logger.IsEnabled(LogLevel.Critical));
    }

    [Fact]
    public async Task Log_Always_AsksTheSinkOnThePool()
    {
        bool? onPool = null;
        _sink.BeforeIsEnabled = () => onPool = Thread.CurrentThread.IsThreadPoolThread;
        Thread writer = new(() => Write(1)) { IsBackground = true };

        writer.Start();

        await _sink.WaitForAsync(1);
        Assert.True(onPool);
    }

    [Fact]
    public async Task Log_SinkDoesNotWantIt_WritesTheNext()
    {
        _logger.Log(LogLevel.Trace, default, 1, null, static (state, _) => $"{state}");
        Write(2);

        await _sink.WaitForAsync(2);
        Assert.Equal([2], _sink.Messages);
    }

    /// <summary>The transport's own messages while it serves are written by the watchdog and under locks, too.</summary>
    [Fact]
    public void Messages_WhileItServes_AreNotAskedForInPlace()
    {
        LoggerMessageAttribute[] messages = [.. typeof(EpollTransportLog).GetMethods().Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()!)
            .Where(message => message?.EventId is >= 30 and <= 45)];

        Assert.NotEmpty(messages);
        Assert.All(messages, message => Assert.True(message.SkipEnabledCheck, $"{message.EventName} asks the log where it is written."));
    }

    private void Write(int message) => _logger.Log(LogLevel.Warning, default, message, null, static (state, _) => $"{state}");

    private sealed class Sink : ILogger
    {
        private readonly ConcurrentDictionary<int, TaskCompletionSource> _waiters = new();

        public ConcurrentQueue<int> Messages { get; } = new();

        public bool OnPoolOnly { get; private set; } = true;

        public Action? Before { get; set; }

        public Action? BeforeIsEnabled { get; set; }

        public Task WaitForAsync(int message) => WaiterOf(message).Task.WithTimeout();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel)
        {
            BeforeIsEnabled?.Invoke();
            return logLevel >= LogLevel.Debug;
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            OnPoolOnly &= Thread.CurrentThread.IsThreadPoolThread;
            Before?.Invoke();
            int message = (int)(object)state!;
            Messages.Enqueue(message);
            WaiterOf(message).TrySetResult();
        }

        private TaskCompletionSource WaiterOf(int message)
            => _waiters.GetOrAdd(message, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}

using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Faults;

/// <summary>Code of the app that throws or never returns, wherever the transport calls it: the one loop, and the process, go on.</summary>
public sealed class HostileApplicationTests
{
    [Theory]
    [ClassData(typeof(EpollTransports))]
    public Task Callback_ThrowsAndTheLogSinkToo_TheLoopGoesOn(TransportKind kind) => AssertCostsItsConnectionAsync(kind, (client, _) => client.SendAsync("a"));

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public Task Callback_RaisedByAnotherThreadThrows_CostsItsConnection(TransportKind kind) => AssertCostsItsConnectionAsync(kind, (_, connection) =>
    {
        connection.Transport.Input.CancelPendingRead();
        return Task.CompletedTask;
    });

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Connection_LogSinkThrows_EndsInOrder(TransportKind kind)
    {
        using var sink = new HostileSink { Log = Throw, IsEnabled = Throw };
        await using var server = await Server.StartAsync(kind, sink);
        var (client, connection) = await server.ConnectAsync();
        client.Reset();

        await connection.ReadToFailureAsync();
        await connection.DisposeAsync().WithTimeout();

        await server.AssertServesAsync();
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Connections_LogSinkIsStuck_AreServed(TransportKind kind)
    {
        using var gate = new ManualResetEventSlim();
        using var sink = new HostileSink { Log = () => gate.Wait(Waiting.Limit) };
        await using var server = await Server.StartAsync(kind, sink);

        for (var i = 0; i < 20; i++)
        {
            await server.AssertServesAsync();
        }

        Assert.False(gate.IsSet);
        gate.Set();
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task ConnectionClosed_RegistrationThrows_TheConnectionEndsAndTheLoopGoesOn(TransportKind kind)
    {
        await using var server = await Server.StartAsync(kind, new HostileSink());
        var (client, connection) = await server.ConnectAsync();
        using var registration = connection.ConnectionClosed.Register(Throw);
        client.Reset();

        await connection.ReadToFailureAsync();
        await connection.DisposeAsync().WithTimeout();

        await server.AssertServesAsync();
    }

    /// <param name="kind">The mode.</param>
    /// <param name="raise">Has the callback of a pending read run.</param>
    private static async Task AssertCostsItsConnectionAsync(TransportKind kind, Func<RawClient, ConnectionContext, Task> raise)
    {
        using var sink = new HostileSink { Log = Throw, IsEnabled = Throw };
        await using var server = await Server.StartAsync(kind, sink);
        var (client, connection) = await server.ConnectAsync();
        using (client)
        {
            ThrowOnNextRead(connection);
            await raise(client, connection);
            await client.ExpectResetAsync();
            await connection.ConnectionClosed.WithTimeout();
        }

        await server.AssertServesAsync();
        Assert.NotEqual(0, sink.Calls);
        await connection.DisposeAsync().WithTimeout();
    }

    /// <summary>A bare continuation: no async method stands between its exception and the thread that runs it.</summary>
    private static void ThrowOnNextRead(ConnectionContext connection)
    {
#pragma warning disable CA2012 // Never consumed: the continuation throws.
        var awaiter = connection.Transport.Input.ReadAsync().ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
        awaiter.UnsafeOnCompleted(Throw);
    }

    private static void Throw() => throw new InvalidOperationException("from the application");

    /// <summary>A listener of one loop whose log sink is the test's.</summary>
    private sealed class Server(ServiceProvider services, IConnectionListener listener) : IAsyncDisposable
    {
        public static async Task<Server> StartAsync(TransportKind kind, HostileSink sink)
        {
            var services = new ServiceCollection().AddMetrics()
                .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(sink))
                .AddTransport(kind, new TransportTuning { LoopCount = 1 }).BuildServiceProvider();
            var factory = services.GetServices<IConnectionListenerFactory>().Last();
            var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0)).WithTimeout();
            LoopStates.Watch(factory);
            return new Server(services, listener);
        }

        public async Task<(RawClient Client, ConnectionContext Connection)> ConnectAsync()
        {
            var client = await RawClient.ConnectAsync(listener.EndPoint);
            return (client, Assert.IsAssignableFrom<ConnectionContext>(await listener.AcceptAsync().WithTimeout()));
        }

        public async Task AssertServesAsync()
        {
            var (client, connection) = await ConnectAsync();
            using (client)
            await using (connection)
            {
                await client.SendAsync("ping");
                await connection.ExpectTextAsync("ping");
                await connection.WriteTextAsync("pong");
                Assert.Equal("pong", await client.ReadTextAsync(4));
            }
        }

        public async ValueTask DisposeAsync()
        {
            await listener.DisposeAsync().WithTimeout();
            await services.DisposeAsync().WithTimeout();
        }
    }

    private sealed class HostileSink : ILoggerProvider, ILogger
    {
        private int _calls;

        public Action? Log { get; init; }

        public Action? IsEnabled { get; init; }

        public int Calls => Volatile.Read(ref _calls);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        bool ILogger.IsEnabled(LogLevel logLevel)
        {
            Interlocked.Increment(ref _calls);
            IsEnabled?.Invoke();
            return true;
        }

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Interlocked.Increment(ref _calls);
            Log?.Invoke();
        }

        public void Dispose()
        {
        }
    }
}

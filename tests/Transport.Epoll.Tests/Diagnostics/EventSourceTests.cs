using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Auto;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

/// <summary>Listens as dotnet-counters and dotnet-trace do. The event source is the process's: other tests' transports are in its figures.</summary>
[Collection(RunsAlone.Name)]
public class EventSourceTests
{
    private static readonly string[] Names =
    [
        "accept-errors", "bytes-received", "bytes-sent", "callback-max-time", "callback-time", "callbacks", "current-connections", "events-per-wait", "incoming-connections-established",
        "loop-lag", "loop-turns", "loop-utilization", "paused-readers", "paused-writers", "receive-calls", "send-calls", "takeovers", "threads", "waiting-connections", "wakeups",
    ];

    [Fact]
    public async Task Counters_WhileAConnectionCarriesBytes_TellOfIt()
    {
        using Listener listener = new(EventLevel.Informational, interval: "0.1");
        await using MeteredTransport transport = await MeteredTransport.BindAsync(EpollScheduling.Inline);
        await Waiting.UntilAsync(() => Names.All(listener.Counters.ContainsKey));
        Dictionary<string, double> before = new(listener.Counters);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            await client.SendAsync(new byte[1000]);
            await server.Transport.Input.ReadAsync().WithTimeout();
            await server.Transport.Output.WriteAsync(new byte[2000]).WithTimeout();
            await client.ReadAsync(2000);

            await Waiting.UntilAsync(() => listener.Counters["bytes-received"] == before["bytes-received"] + 1000);
            await Waiting.UntilAsync(() => listener.Counters["bytes-sent"] == before["bytes-sent"] + 2000);
            await Waiting.UntilAsync(() => listener.Counters["incoming-connections-established"] == before["incoming-connections-established"] + 1);
            await Waiting.UntilAsync(() => listener.Counters["current-connections"] == before["current-connections"] + 1);
            Assert.True(listener.Counters["threads"] >= 1);
            await server.DisposeAsync().WithTimeout();
        }

        await Waiting.UntilAsync(() => listener.Counters["current-connections"] == before["current-connections"]);
        Assert.Equal(Names, listener.Counters.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>Rates and means are of an interval: they show while something goes on.</summary>
    [Theory]
    [InlineData("receive-calls")]
    [InlineData("send-calls")]
    [InlineData("loop-turns")]
    [InlineData("callbacks")]
    [InlineData("wakeups")]
    [InlineData("events-per-wait")]
    [InlineData("callback-time")]
    [InlineData("callback-max-time")]
    [InlineData("loop-utilization")]
    [InlineData("loop-lag")]
    public async Task Counter_WhileALoopServes_IsAboveNothing(string name)
    {
        using Listener listener = new(EventLevel.Informational, interval: "0.1");
        await using MeteredTransport transport = await MeteredTransport.BindAsync(EpollScheduling.Inline);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            bool stop = false;
            Task echo = EchoAsync(server);
            Task traffic = Task.Run(async () =>
            {
                while (!Volatile.Read(ref stop))
                {
                    await client.SendAsync("x");
                    await client.ReadAsync(1);
                    transport.Factory.Loops!.Loops[0].Post(static _ => { }, null);
                }
            });

            await Waiting.UntilAsync(() => listener.Counters.GetValueOrDefault(name) > 0);

            Volatile.Write(ref stop, true);
            await traffic.WithTimeout();
            client.Fin();
            await echo.WithTimeout();
        }
    }

    [Fact]
    public async Task Events_OfAConnection_TellItsStartAndEnd()
    {
        using Listener listener = new(EventLevel.Informational);
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            await client.SendAsync("hello");
            await server.Transport.Input.ReadAsync().WithTimeout();
            await server.DisposeAsync().WithTimeout();
        }

        Event start = await listener.NextAsync("ConnectionStart", each => Equals(each.Payload["connectionId"], server.ConnectionId));
        Event stop = await listener.NextAsync("ConnectionStop", each => Equals(each.Payload["connectionId"], server.ConnectionId));
        Assert.Equal((0, transport.EndPoint.ToString(), server.RemoteEndPoint!.ToString()), (start.Payload["loopIndex"], start.Payload["localEndPoint"], start.Payload["remoteEndPoint"]));
        Assert.Equal(("server_closed", 5L, 0L), (stop.Payload["endReason"], stop.Payload["bytesReceived"], stop.Payload["bytesSent"]));
        Assert.True((double)stop.Payload["milliseconds"]! > 0);
        Assert.All([start, stop], each => Assert.False(each.Thread?.StartsWith("epoll-", StringComparison.Ordinal) == true, each.Thread)); // no loop waits for a listener
    }

    [Fact]
    public async Task TakeOver_OfALoop_IsAnEventThatNamesWhoBlocks()
    {
        using Listener listener = new(EventLevel.Verbose);
        using HeldLoop held = new();
        await using TestHost host = await BlockingHost.StartAsync(app => app.Run(context =>
        {
            context.Features.Get<IEpollConnectionFeature>()!.Description = "the page of this test";
            held.Pass();
            return context.Response.WriteAsync("done");
        }));
        using HttpClient client = host.CreateClient();
        Task answer = await held.HoldUpAsync(() => client.GetStringAsync("/"));

        Event taken = await listener.NextAsync("TakenOver", each => Equals(each.Payload["description"], "the page of this test"));

        Assert.Equal("epoll-loop-0", taken.Payload["loop"]);
        Assert.True((int)taken.Payload["threadId"]! > 0);
        Assert.True((double)taken.Payload["milliseconds"]! >= 10);
        Assert.NotNull(await listener.NextAsync("ThreadStarted", _ => true));
        held.Release();
        await answer.WithTimeout();
    }

    [Fact]
    public async Task Accept_Fails_IsAnEventWithTheError()
    {
        using Listener listener = new(EventLevel.Warning);
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        transport.Kernel.OnAccept.Fail(Tests.Native.Errno.ECONNABORTED);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            Event failed = await listener.NextAsync("AcceptFailed", each => Equals(each.Payload["endPoint"], transport.EndPoint.ToString()));
            Assert.Equal("ECONNABORTED", failed.Payload["error"]);
            await server.DisposeAsync().WithTimeout();
        }
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        while (true)
        {
            var read = await connection.Transport.Input.ReadAsync().ConfigureAwait(false);
            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }

            await connection.Transport.Output.WriteAsync("x"u8.ToArray()).ConfigureAwait(false);
        }

        await connection.DisposeAsync();
    }

    private sealed record Event(string Name, Dictionary<string, object?> Payload, string? Thread);

    /// <summary>Any thread raises events.</summary>
    private sealed class Listener : EventListener
    {
        private readonly EventLevel _level;
        private readonly string? _interval;
        private readonly ConcurrentQueue<Event> _events = new();

        public Listener(EventLevel level, string? interval = null)
        {
            _level = level;
            _interval = interval;
            EnableEvents(TransportEventSource.Log, level, EventKeywords.None, interval is null ? null : new Dictionary<string, string?> { ["EventCounterIntervalSec"] = interval });
        }

        /// <summary>The latest figure of each counter.</summary>
        public ConcurrentDictionary<string, double> Counters { get; } = new();

        public async Task<Event> NextAsync(string name, Func<Event, bool> condition)
        {
            Event? found = null;
            await Waiting.UntilAsync(() => (found = _events.FirstOrDefault(each => each.Name == name && condition(each))) is not null, what: name);
            return found!;
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventSource.Name != TransportEventSource.SourceName)
            {
                return;
            }

            if (eventData.EventName == "EventCounters")
            {
                var payload = (IDictionary<string, object>)eventData.Payload![0]!;
                Counters[(string)payload["Name"]] = (double)(payload.TryGetValue("Mean", out object? mean) ? mean : payload["Increment"]);
            }
            else
            {
                _events.Enqueue(new Event(eventData.EventName!, eventData.PayloadNames!.Zip(eventData.Payload!).ToDictionary(each => each.First, each => each.Second), Thread.CurrentThread.Name));
            }
        }
    }
}

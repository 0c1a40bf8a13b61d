using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Auto;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

/// <summary>What the loops tell of their time, their callbacks and who drives them.</summary>
public class LoopMetricsTests
{
    private static readonly (string, object) OnLoop = ("epoll.callback.place", "loop");
    private static readonly (string, object) OnPool = ("epoll.callback.place", "pool");

    [Fact]
    public async Task Loop_Serves_TurnsWaitsEventsAndWakeUpsRise()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(EpollScheduling.Inline);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            string[] names = ["loop.turns", "loop.waits", "loop.events", "loop.wakeups", "loop.wait_time"];
            double[] before = [.. names.Select(name => transport.Meter.Read(name, ("epoll.loop.index", 0)))];
            int waits = transport.Kernel.OnEpollWait.Calls;
            int wakes = transport.Kernel.OnEventFdSignal.Calls;
            for (int i = 0; i < 100; i++)
            {
                await client.SendAsync("x");
                var read = await server.Transport.Input.ReadAsync().WithTimeout();
                server.Transport.Input.AdvanceTo(read.Buffer.End);
            }

            await Waiting.UntilAsync(() =>
            {
                transport.Factory.Loops!.Loops[0].Post(static _ => { }, null); // wakes nobody if the loop is awake or polls
                return transport.Kernel.OnEventFdSignal.Calls > wakes;
            });
            Assert.All(names.Zip(before), each => Assert.True(transport.Meter.Read(each.First) > each.Second, each.First));
            await transport.UntilAsync("loop.wakeups", before[3] + transport.Kernel.OnEventFdSignal.Calls - wakes); // each signal is counted
            Assert.InRange(transport.Meter.Read("loop.waits") - before[1], 1, transport.Kernel.OnEpollWait.Calls - waits + 1); // one was under way at the first look
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Fact]
    public async Task Loop_Idle_HasNoUtilizationAndWaitsAllTheTime()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        double waited = transport.Meter.Read("loop.wait_time");

        await Waiting.UntilAsync(() => transport.Meter.Read("loop.wait_time") - waited > 0.2); // also while one wait goes on

        Assert.InRange(transport.Meter.Read("loop.utilization"), 0, 0.5);
    }

    /// <summary>The loop is held up while the figures are read: they grow meanwhile, and stay for a second at least.</summary>
    [Fact]
    public async Task Callback_HoldsUpItsLoop_LagMaximumAndUtilizationShowItAtOnceAndAfterwards()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(EpollScheduling.Inline);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using ManualResetEventSlim release = new();
        using (client)
        {
            Task handled = HoldUpAsync(server, release);
            await client.SendAsync("x");

            await Waiting.UntilAsync(() => transport.Meter.Read("callback.max_time") > 0.1 && transport.Meter.Read("loop.lag") > 0.1);
            EpollLoopSnapshot loop = Assert.Single(transport.Diagnostics.Capture().Loops);
            Assert.Equal("callback", loop.State);
            Assert.Equal(server.ConnectionId, loop.CallbackConnectionId);
            Assert.True(loop.CallbackAge > TimeSpan.FromSeconds(0.1));
            release.Set();
            await handled.WithTimeout();

            await Waiting.UntilAsync(() => transport.Meter.Read("callback.time") > 0.1); // counted when it returns
            Assert.True(transport.Meter.Read("callback.max_time") > 0.1);
            Assert.True(transport.Meter.Read("loop.lag") > 0.1);
            Assert.True(transport.Meter.Read("loop.utilization") > 0);
            Assert.True(transport.Meter.Read("callback.runs", OnLoop) >= 1);
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Theory]
    [InlineData(EpollScheduling.Inline)]
    [InlineData(EpollScheduling.ThreadPool)]
    public async Task Callbacks_ByMode_AreCountedWhereTheyRun(EpollScheduling scheduling)
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(scheduling);
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        using (client)
        {
            (string, object) place = scheduling == EpollScheduling.Inline ? OnLoop : OnPool;
            Task echo = EchoAsync(server);
            double before = transport.Meter.Read("callback.runs", place);
            int rounds = 0;
            do
            {
                Assert.True(++rounds < 10_000, "too few callbacks");
                await client.SendAsync("x"); // on the pool the bytes may come before the read that would wait for them: no callback then
                await client.ReadAsync(1);
            }
            while (transport.Meter.Read("callback.runs", place) < before + 10);

            Assert.True(scheduling == EpollScheduling.Inline || transport.Meter.Read("callback.runs", OnLoop) == 0);
            client.Fin();
            await echo.WithTimeout();
        }
    }

    /// <summary>Who blocks: the log line, the figures and the dump name the connection, what it does, and the thread.</summary>
    [Fact]
    public async Task TakeOver_OfALoop_IsCountedAndNamesWhoBlocksUntilItReturns()
    {
        using HeldLoop held = new();
        int threadId = 0;
        await using TestHost host = await BlockingHost.StartAsync(app => app.Run(context =>
        {
            context.Features.Get<IEpollConnectionFeature>()!.Description = "the slow page";
            Volatile.Write(ref threadId, Transport.Epoll.Native.LinuxThread.CurrentId());
            held.Pass();
            return context.Response.WriteAsync("done");
        }));
        using MeterReader meter = new(host.App.Services.GetRequiredService<IMeterFactory>());
        using HttpClient client = host.CreateClient();

        Task answer = await held.HoldUpAsync(() => client.GetStringAsync("/"));
        await host.WaitForTakeOverAsync();

        Assert.Equal(1, meter.Read("takeovers", ("epoll.loop.index", 0)));
        Assert.Equal(1, meter.Read("thread.count", ("epoll.thread.state", "driving")));
        Assert.Equal(1, meter.Read("thread.count", ("epoll.thread.state", "held_up")));
        EpollSnapshot snapshot = host.App.Services.GetRequiredService<EpollDiagnostics>().Capture();
        EpollHeldUpCallback callback = Assert.Single(snapshot.HeldUpCallbacks);
        Assert.Equal(("the slow page", Volatile.Read(ref threadId)), (callback.Description, callback.ThreadId));
        EpollConnectionSnapshot connection = Assert.Single(snapshot.Connections, each => each.Id == callback.ConnectionId);
        Assert.Equal("the slow page", connection.Description);
        Assert.True(connection.OnPool);
        LogRecord record = Assert.Single(host.Logs.Of(TransportKind.EpollAuto, 35));
        Assert.StartsWith($@"Connection id ""{callback.ConnectionId}"" (the slow page): a callback on thread {threadId} has held up epoll-loop-0 for ", record.Message, StringComparison.Ordinal);

        held.Release();
        await answer.WithTimeout();
        await Waiting.UntilAsync(() => meter.Read("thread.count", ("epoll.thread.state", "held_up")) == 0);
        Assert.Empty(host.App.Services.GetRequiredService<EpollDiagnostics>().Capture().HeldUpCallbacks);
        Assert.Equal(1, meter.Read("moves_to_pool"));
        Assert.True(meter.Read("thread.started") >= 2); // one in reserve, one in its place
        Assert.True(host.Logs.Has(TransportKind.EpollAuto, 43));
    }

    /// <summary>What the watchdog's decisions raise, which other tests bring about, comes out of the right instrument.</summary>
    [Theory]
    [InlineData("moves_to_pool")]
    [InlineData("moves_to_loop")]
    [InlineData("standby_loans")]
    [InlineData("thread.started")]
    [InlineData("thread.ended")]
    public async Task Counter_OfAllLoops_IsReadByItsName(string name)
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(EpollScheduling.Inline);
        SchedulingCounters counters = transport.Factory.Observation.Counters;
        string[] names = ["moves_to_pool", "moves_to_loop", "standby_loans", "thread.started", "thread.ended"];
        Action[] adds = [counters.AddMoveToPool, counters.AddMoveToLoop, counters.AddLoan, () => counters.AddThread(1), () => counters.RemoveThread(0)];

        adds[Array.IndexOf(names, name)]();

        Assert.All(names, each => Assert.Equal(each == name ? 1 : 0, transport.Meter.Read(each)));
    }

    /// <summary>A group of loops ends with its last listener; the next one's counters go on.</summary>
    [Fact]
    public async Task Group_TheNextBegins_CountersNeverFall()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        (RawClient client, ConnectionContext server) = await transport.ConnectAsync();
        await client.SendAsync("hello");
        await server.Transport.Input.ReadAsync().WithTimeout();
        client.Dispose();
        await server.DisposeAsync().WithTimeout();
        var before = transport.Factory.Loops;
        await transport.StopListeningAsync();

        await transport.ListenAsync();

        Assert.NotSame(before, transport.Factory.Loops);
        Assert.Equal(5, transport.Meter.Read("network.io"));
        Assert.Equal(1, transport.Meter.Read("connection.accepted"));
        Assert.Equal(0, transport.Meter.Read("connection.count"));
        Assert.Equal(1, transport.Meter.Read("connection.ended"));
    }

    [Fact]
    public async Task Host_WithoutMeterFactory_HasTheMeterOfTheProcess()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(hasMeters: false);

        Assert.NotEmpty(transport.Meter.Instruments);
        await Waiting.UntilAsync(() => transport.Meter.Measure("loop.turns").Count > 0);
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

    private static async Task HoldUpAsync(ConnectionContext server, ManualResetEventSlim release)
    {
        var read = await server.Transport.Input.ReadAsync().ConfigureAwait(false);
        release.Wait(Waiting.Limit);
        server.Transport.Input.AdvanceTo(read.Buffer.End);
    }
}

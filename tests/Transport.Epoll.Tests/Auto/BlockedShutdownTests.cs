using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Transport.Epoll.Tests.Support;
using Xunit.Abstractions;

namespace Transport.Epoll.Tests.Auto;

/// <summary>Listeners and hosts that end while a handler holds up the only loop. Alone, since it counts the process's threads and measures time.</summary>
[Collection(RunsAlone.Name)]
public sealed class BlockedShutdownTests(ITestOutputHelper output)
{
    private const int MaxTries = 1000;
    private const string Answer = "<done>";
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Kestrel waits a second for the connections that it aborts; the rest is for a slow machine.</summary>
    private static readonly TimeSpan LongestStop = ShutdownTimeout + TimeSpan.FromSeconds(4);

    [Fact]
    public async Task UnbindAsync_ReaderHoldsUpTheLoop_ServesTheQueuedClientAndThenTheReaderFinishes()
    {
        using var unbound = new ManualResetEventSlim();
        var tuning = new TransportTuning { LoopCount = 1 };
        await using var listener = await RawListener.BindAsync(TransportKind.EpollAuto, tuning: tuning);
        var (blockedClient, blocked) = await listener.ConnectAsync();
        using (blockedClient)
        await using (blocked)
        {
            var (held, finished) = HoldUpOnNextBytes(blocked, unbound);
            await blockedClient.SendAsync("held");
            Assert.StartsWith("epoll-loop-", await held.WithTimeout(), StringComparison.Ordinal);
            using var queued = await RawClient.ConnectAsync(listener.EndPoint);
            await queued.SendAsync("late");

            var unbinding = listener.Listener.UnbindAsync().AsTask();

            await using var late = await listener.AcceptAsync();
            await late.ExpectTextAsync("late"); // brought by the loop that is held up
            await unbinding.WithTimeout();
            await late.WriteTextAsync("seen");
            Assert.Equal("seen", await queued.ReadTextAsync(4));
            Assert.False(finished.IsCompleted);
            unbound.Set();
            await finished.WithTimeout();
            Assert.Equal("done", await blockedClient.ReadTextAsync(4));
        }
    }

    [Theory]
    [InlineData(TransportKind.Sockets)]
    [InlineData(TransportKind.EpollAuto)]
    public async Task StopAsync_HandlerIsReleasedMeanwhile_ItsRequestFinishesAndTheStopIsGraceful(TransportKind kind)
    {
        using var held = new HeldLoop(anyThread: kind == TransportKind.Sockets);
        await using var host = await StartAsync(kind, held, Waiting.Limit);
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        var answer = await HoldUpAsync(host, kind, held, client);

        var stopping = host.App.StopAsync();
        await UntilRefusedAsync(host);
        Assert.False(stopping.IsCompleted);
        held.Release();

        await answer;
        await stopping.WithTimeout();
        Assert.Empty(await client.ReadToEndAsync());
        await host.DisposeAsync();
        await Waiting.UntilAsync(() => !ProcessState.EpollThreads.Any());
    }

    [Theory]
    [InlineData(TransportKind.Sockets, true)]
    [InlineData(TransportKind.Sockets, false)]
    [InlineData(TransportKind.EpollAuto, true)]
    [InlineData(TransportKind.EpollAuto, false)]
    public async Task End_ThreadStaysBlocked_AbortsInTimeAndLeavesNothingOnceItIsReleased(TransportKind kind, bool stopFirst)
    {
        await Waiting.UntilAsync(() => !ProcessState.EpollThreads.Any());
        using var held = new HeldLoop(anyThread: kind == TransportKind.Sockets);
        var host = await StartAsync(kind, held, ShutdownTimeout);
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        var answer = await HoldUpAsync(host, kind, held, client);

        var clock = Stopwatch.StartNew();
        if (stopFirst)
        {
            await host.App.StopAsync().WithTimeout(LongestStop);
            Assert.InRange(clock.Elapsed, ShutdownTimeout * 0.9, LongestStop);
        }

        await host.App.DisposeAsync().WithTimeout(LongestStop);
        output.WriteLine($"{clock.Elapsed.TotalSeconds:F2} s");

        await Assert.ThrowsAsync<SocketException>(() => answer); // reset
        Assert.Equal(kind == TransportKind.EpollAuto, ProcessState.EpollThreads.Any()); // the one that is held up
        held.Release();
        await Waiting.UntilAsync(() => !ProcessState.EpollThreads.Any());
    }

    private static Task<TestHost> StartAsync(TransportKind kind, HeldLoop held, TimeSpan shutdownTimeout) => BlockingHost.StartAsync(
        app => app.Run(context =>
        {
            held.Pass();
            context.Response.ContentLength = Answer.Length;
            return context.Response.WriteAsync(Answer);
        }),
        configureServices: services => services.Configure<HostOptions>(options => options.ShutdownTimeout = shutdownTimeout),
        kind: kind);

    /// <summary>Has a request hold up its thread, and the loop, if there is one, be taken over. The result is its answer.</summary>
    private static async Task<Task> HoldUpAsync(TestHost host, TransportKind kind, HeldLoop held, RawClient client)
    {
        var answer = await held.HoldUpAsync(async () =>
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            await client.ReadUntilAsync($"\r\n\r\n{Answer}");
        });
        if (kind == TransportKind.EpollAuto)
        {
            await host.WaitForTakeOverAsync();
        }

        return answer;
    }

    /// <summary>Holds up the loop in a bare callback: the results are the thread's name, and when it has gone on.</summary>
    private static (Task<string?> Held, Task Finished) HoldUpOnNextBytes(ConnectionContext connection, ManualResetEventSlim gate)
    {
        var held = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
#pragma warning disable CA2012 // Consumed once, in the continuation.
        var awaiter = connection.Transport.Input.ReadAsync().ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
        Assert.False(awaiter.IsCompleted);
        awaiter.UnsafeOnCompleted(() =>
        {
            held.SetResult(Thread.CurrentThread.Name);
            gate.Wait(2 * Waiting.Limit);
            connection.Transport.Input.AdvanceTo(awaiter.GetResult().Buffer.End);
            connection.Transport.Output.WriteAsync("done"u8.ToArray()).AsTask().ContinueWith(_ => finished.SetResult(), TaskScheduler.Default);
        });
        return (held.Task, finished.Task);
    }

    private static async Task UntilRefusedAsync(TestHost host)
    {
        for (var i = 0; i < MaxTries; i++)
        {
            try
            {
                (await RawClient.ConnectAsync(host.EndPoint)).Dispose();
            }
            catch (SocketException)
            {
                return;
            }
        }

        Assert.Fail("The host still listens.");
    }
}

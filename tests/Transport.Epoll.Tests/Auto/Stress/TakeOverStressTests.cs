using System.Diagnostics;
using Transport.Epoll.Tests.Support;
using Xunit.Abstractions;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>
/// Take-overs at random moments under load: real sockets, the real factory and connections, ten million callbacks, and some with large sends. The Debug build, whose
/// assertions watch every step, runs a tenth.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class TakeOverStressTests(ITestOutputHelper output)
{
#if DEBUG
    private const long Callbacks = 1_000_000;
    private const long LargeCallbacks = 5_000;
#else
    private const long Callbacks = 10_000_000;
    private const long LargeCallbacks = 50_000;
#endif

    /// <summary>One in so many callbacks at least is taken over from outside, and one from inside.</summary>
    private const long MinTakeOversOneIn = 10_000;

    private const long MinTakeOversInSends = LargeCallbacks / 1_000;
    private const int TcpConnections = 16;

    // Their sends cost less, which leaves more for callbacks.
    private const int UnixConnections = 48;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    /// <summary>With loops that share their threads the number of these changes at random moments, too.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Echo_LoopsTakenOverAtRandomMoments_NoByteIsLostRepeatedOrReordered(bool shared)
    {
        var callbacks = shared ? Callbacks : Callbacks / 2;
        var taker = await RunAsync(EchoSizes.Small, callbacks, shared);

        Assert.InRange(taker.FromOutside, callbacks / MinTakeOversOneIn, callbacks);
        Assert.InRange(taker.FromInside, callbacks / MinTakeOversOneIn, callbacks);
        Assert.Equal(shared, taker.Changes > 100);
    }

    /// <summary>A large send is part of the callback that flushes: it goes on when the loop has gone to another thread.</summary>
    [Fact]
    public async Task Echo_LoopsTakenOverInLargeSends_NoByteIsLostRepeatedOrReordered()
    {
        var taker = await RunAsync(EchoSizes.Large, LargeCallbacks, shared: true);

        Assert.InRange(taker.FromSends, MinTakeOversInSends, LargeCallbacks);
    }

    private static long Ran(EchoServer server) => server.Handlers.Sum(handler => handler.Reads.Ran + handler.Flushes.Ran);

    private async Task<LoopTaker> RunAsync(EchoSizes sizes, long callbacks, bool shared)
    {
        var kernel = new OneDriverKernel();
        await using var server = await EchoServer.StartAsync(kernel, sizes, shared);
        using var traffic = new PatternTraffic([.. Enumerable.Repeat(server.Tcp, TcpConnections), .. Enumerable.Repeat(server.Unix, UnixConnections)], sizes.MaxOnTheWay);
        var clock = Stopwatch.StartNew();
        kernel.LargeSend = server.Taker.VisitLargeSend;
        server.Taker.Start();

        await Task.Factory.StartNew(
            () => traffic.Run(IsDone), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await server.EndedAsync();

        output.WriteLine($"{server.Taker.Callbacks} callbacks on the loops in {clock.Elapsed.TotalSeconds:F1} s, {traffic.BytesEchoed} bytes, taken over");
        output.WriteLine($"{server.Taker.FromOutside} times from outside, {server.Taker.FromInside} times from inside a callback, {server.Taker.FromSends} times in a large send;");
        output.WriteLine($"the number of carriers changed {server.Taker.Changes} times;");
        output.WriteLine($"handlers resumed {Ran(server)} times, loops and pool together.");
        Assert.Equal(0, kernel.Violations);
        Assert.InRange(server.Taker.Changes, shared ? server.Taker.Rounds / 3 : 0, shared ? server.Taker.Rounds : 0); // one in three draws says what there is already
        Assert.All(server.Handlers, handler => Assert.Equal(handler.Reads.Asked + handler.Flushes.Asked, handler.Reads.Ran + handler.Flushes.Ran));
        Assert.All(server.Handlers, handler => Assert.Equal(0, handler.Reads.Repeated + handler.Flushes.Repeated));
        Assert.InRange(server.Taker.Callbacks, callbacks, Ran(server));
        return server.Taker;

        bool IsDone()
        {
            var ran = server.Taker.Callbacks;
            if (clock.Elapsed > Limit)
            {
                Assert.Fail($"Only {ran} callbacks in {Limit.TotalMinutes} minutes.\n{LoopStates.Dump()}");
            }

            return ran >= callbacks;
        }
    }
}

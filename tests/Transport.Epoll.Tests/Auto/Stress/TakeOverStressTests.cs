using System.Diagnostics;
using Transport.Epoll.Tests.Support;
using Xunit.Abstractions;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>
/// Take-overs at random moments under load: real sockets, the real factory and connections, ten million callbacks. The Debug build, whose assertions
/// watch every step, runs one million.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class TakeOverStressTests(ITestOutputHelper output)
{
#if DEBUG
    private const long Callbacks = 1_000_000;
#else
    private const long Callbacks = 10_000_000;
#endif

    private const long MinTakeOvers = Callbacks / 10_000;
    private const int TcpConnections = 16;

    // Their sends cost less, which leaves more for callbacks.
    private const int UnixConnections = 48;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Echo_LoopsTakenOverAtRandomMoments_NoByteIsLostRepeatedOrReordered()
    {
        var kernel = new OneDriverKernel();
        await using var server = await EchoServer.StartAsync(kernel);
        using var traffic = new PatternTraffic([.. Enumerable.Repeat(server.Tcp, TcpConnections), .. Enumerable.Repeat(server.Unix, UnixConnections)]);
        var clock = Stopwatch.StartNew();
        server.Taker.Start();

        await Task.Factory.StartNew(
            () => traffic.Run(IsDone), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await server.EndedAsync();

        output.WriteLine($"{server.Taker.Callbacks} callbacks on the loops in {clock.Elapsed.TotalSeconds:F1} s, {traffic.BytesEchoed} bytes,");
        output.WriteLine($"taken over {server.Taker.FromOutside} times from outside, {server.Taker.FromInside} times from inside a callback;");
        output.WriteLine($"handlers resumed {Ran(server)} times, loops and pool together.");
        Assert.Equal(0, kernel.Violations);
        Assert.All(server.Handlers, handler => Assert.Equal(handler.Reads.Asked + handler.Flushes.Asked, handler.Reads.Ran + handler.Flushes.Ran));
        Assert.All(server.Handlers, handler => Assert.Equal(0, handler.Reads.Repeated + handler.Flushes.Repeated));
        Assert.InRange(server.Taker.Callbacks, Callbacks, Ran(server));
        Assert.InRange(server.Taker.FromOutside, MinTakeOvers, Callbacks);
        Assert.InRange(server.Taker.FromInside, MinTakeOvers, Callbacks);

        bool IsDone()
        {
            var callbacks = server.Taker.Callbacks;
            Assert.True(clock.Elapsed < Limit, $"Only {callbacks} callbacks in {Limit.TotalMinutes} minutes.");
            return callbacks >= Callbacks;
        }
    }

    private static long Ran(EchoServer server) => server.Handlers.Sum(handler => handler.Reads.Ran + handler.Flushes.Ran);
}

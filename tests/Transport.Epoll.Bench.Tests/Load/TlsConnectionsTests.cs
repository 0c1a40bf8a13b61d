using Microsoft.AspNetCore.Http;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Load;

/// <summary>The client of the handshakes, against servers in this process.</summary>
public sealed class TlsConnectionsTests
{
    private const int Threads = 2;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Parse_LinesThatAreNoTimes_AreErrors()
    {
        var result = TlsConnections.Parse("100\n200\nhandshake failed\n300\n", seconds: 2);

        Assert.Equal((3, 1, 2.0), (result.Requests, result.Errors, result.Seconds));
        Assert.Equal(0.2, result.Latency!.P50, 3);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Run_RealServer_HasHandshakesOfItsKind_AndAnAnswerOnEach(bool resumed, bool rsa)
    {
        using var limit = new CancellationTokenSource(s_limit);
        var asked = 0;
        await using var launcher = new InProcessLauncher(context =>
        {
            Interlocked.Increment(ref asked);
            return Hello(context);
        });
        await using var server = await launcher.StartTlsAsync("server", rsa, limit.Token);
        var probes = asked;

        var result = await new TlsConnections(Threads, resumed).RunAsync(server, "/plaintext", seconds: 1, limit.Token);

        Assert.Same(result, result.RequireClean("server"));
        Assert.Equal(asked - probes - (resumed ? Threads : 0), result.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_AnswerFails_IsAnError(bool abort)
    {
        using var limit = new CancellationTokenSource(s_limit);
        var asked = 0;
        var failing = int.MaxValue;
        await using var launcher = new InProcessLauncher(context =>
        {
            if (Interlocked.Increment(ref asked) == Volatile.Read(ref failing))
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                if (abort)
                {
                    context.Abort();
                }
            }

            return Hello(context);
        });
        await using var server = await launcher.StartTlsAsync("server", rsa: false, limit.Token);
        Volatile.Write(ref failing, asked + 2); // a slow machine has few handshakes in a second

        var result = await new TlsConnections(Threads, resumed: false).RunAsync(server, "/plaintext", seconds: 1, limit.Token);

        Assert.Equal(1, result.Errors);
    }

    private static Task Hello(HttpContext context)
    {
        context.Response.ContentLength = "Hello, World!".Length;
        return context.Response.WriteAsync("Hello, World!");
    }
}

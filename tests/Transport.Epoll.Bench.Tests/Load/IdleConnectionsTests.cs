using Microsoft.AspNetCore.Http;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Load;

/// <summary>Idle connections, in the clear and over TLS.</summary>
public sealed class IdleConnectionsTests
{
    private const int Connections = 50;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Size", "Long")]
    public async Task Run_ServerWithoutInfo_HasItsResidentMemoryAlone(bool tls)
    {
        using var limit = new CancellationTokenSource(s_limit);
        await using var launcher = new InProcessLauncher(context =>
        {
            context.Response.ContentLength = "Hello, World!".Length; // else more would follow it
            return context.Response.WriteAsync("Hello, World!");
        });
        await using var server = tls ? await launcher.StartTlsAsync("server", rsa: false, limit.Token) : await launcher.StartAsync("server", limit.Token);

        var result = await new IdleConnections(Connections).RunAsync(server, "/plaintext", seconds: 1, limit.Token);

        Assert.Equal(Connections, result.RequireClean("server").Requests);
        Assert.Equal(["resident bytes per connection"], result.Figures!.Keys);
    }
}

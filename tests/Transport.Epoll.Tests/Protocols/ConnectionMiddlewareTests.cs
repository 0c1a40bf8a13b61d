using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>Below HTTP: connection middleware and connection handlers.</summary>
public sealed class ConnectionMiddlewareTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Use_MiddlewareBelowHttp_SeesEveryConnection(TransportKind kind)
    {
        var seen = 0;
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.MapGet("/", (HttpContext context) => context.Features.Get<Mark>()?.Text),
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.UseConnectionLogging();
                listen.Use(async (connection, next) =>
                {
                    Interlocked.Increment(ref seen);
                    connection.Features.Set(new Mark("marked"));
                    await next(connection);
                });
            }));
        using var client = host.CreateClient();

        Assert.Equal("marked", await client.GetStringAsync(host.Address).WithTimeout());
        Assert.Equal(1, Volatile.Read(ref seen));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task UseConnectionHandler_RawTcp_EchoesLargeDataToTheEnd(TransportKind kind)
    {
        const int Total = 5 * 1024 * 1024;
        await using var host = await TestHost.StartAsync(
            kind,
            _ => { },
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseConnectionHandler<EchoHandler>()),
            services => services.AddSingleton<EchoHandler>());
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        var bytes = RandomNumberGenerator.GetBytes(Total);

        var reading = client.ReadToEndAsync();
        await client.SendAsync(bytes);
        client.Fin();

        Assert.Equal(bytes, await reading.WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task UseConnectionHandler_ServerSpeaksFirst_ClientHearsIt(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            _ => { },
            kestrel => kestrel.ListenConnections(async connection =>
            {
                await connection.WriteTextAsync("220 ready");
                await connection.ExpectTextAsync("QUIT");
            }));
        using var client = await RawClient.ConnectAsync(host.EndPoint);

        Assert.Equal("220 ready", await client.ReadTextAsync(9));
        await client.SendAsync("QUIT");
        Assert.Empty(await client.ReadToEndAsync());
    }

    private sealed record Mark(string Text);

    private sealed class EchoHandler : ConnectionHandler
    {
        public override async Task OnConnectedAsync(ConnectionContext connection)
        {
            while (true)
            {
                var result = await connection.Transport.Input.ReadAsync();
                foreach (var segment in result.Buffer)
                {
                    await connection.Transport.Output.WriteAsync(segment);
                }

                connection.Transport.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
    }
}

using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>The factory without Kestrel and without a web host.</summary>
public sealed class GenericHostTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task EchoServer_PlainGenericHost_EchoesAndStops(TransportKind kind)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging();
        builder.Services.AddTransport(kind);
        builder.Services.AddSingleton<EchoServer>();
        builder.Services.AddHostedService(services => services.GetRequiredService<EchoServer>());
        using var host = builder.Build();
        await host.StartAsync().WithTimeout();
        var endPoint = await host.Services.GetRequiredService<EchoServer>().EndPoint.WithTimeout();

        for (var i = 0; i < 10; i++)
        {
            using var client = await RawClient.ConnectAsync(endPoint);
            await client.SendAsync($"hello {i}");
            Assert.Equal($"hello {i}", await client.ReadTextAsync($"hello {i}".Length));
            client.Fin();
            Assert.Empty(await client.ReadToEndAsync());
        }

        await host.StopAsync().WithTimeout();
    }

    private sealed class EchoServer(IEnumerable<IConnectionListenerFactory> factories) : BackgroundService
    {
        private readonly TaskCompletionSource<EndPoint> _endPoint = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<EndPoint> EndPoint => _endPoint.Task;

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await using var listener = await factories.Last().BindAsync(new IPEndPoint(IPAddress.Loopback, 0), stoppingToken);
            _endPoint.SetResult(listener.EndPoint);
            try
            {
                while (await listener.AcceptAsync(stoppingToken) is { } connection)
                {
                    _ = EchoAsync(connection);
                }
            }
            catch (OperationCanceledException)
            {
                await listener.UnbindAsync(CancellationToken.None);
            }
        }

        private static async Task EchoAsync(ConnectionContext connection)
        {
            await using (connection)
            {
                await connection.Transport.Input.CopyToAsync(connection.Transport.Output);
            }
        }
    }
}

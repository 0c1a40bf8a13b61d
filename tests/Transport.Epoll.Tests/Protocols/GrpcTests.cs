using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Protocols.Protos;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>gRPC over clear text HTTP/2.</summary>
public sealed class GrpcTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Once_ManyCallsAtOnce_AreAnswered(TransportKind kind)
    {
        await using var host = await StartAsync(kind);
        using var channel = GrpcChannel.ForAddress(host.Address);
        var client = new Echo.EchoClient(channel);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => CallAsync(client, $"{i}"))).WithTimeout();

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}"), answers);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Stream_Bidirectional_AnswersEachMessageAsItComes(TransportKind kind)
    {
        await using var host = await StartAsync(kind);
        using var channel = GrpcChannel.ForAddress(host.Address);
        using var call = new Echo.EchoClient(channel).Stream();
        for (var i = 0; i < 20; i++)
        {
            var text = new string('x', i * 1000) + i;
            await call.RequestStream.WriteAsync(new EchoMessage { Text = text }).WithTimeout();
            Assert.True(await call.ResponseStream.MoveNext().WithTimeout());
            Assert.Equal(text, call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync().WithTimeout();
        Assert.False(await call.ResponseStream.MoveNext().WithTimeout());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    private static async Task<string> CallAsync(Echo.EchoClient client, string text) => (await client.OnceAsync(new EchoMessage { Text = text })).Text;

    private static Task<TestHost> StartAsync(TransportKind kind) => TestHost.StartAsync(
        kind,
        app => app.MapGrpcService<EchoService>(),
        kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2),
        services => services.AddGrpc());

    private sealed class EchoService : Echo.EchoBase
    {
        public override Task<EchoMessage> Once(EchoMessage request, ServerCallContext context) => Task.FromResult(request);

        public override async Task Stream(
            IAsyncStreamReader<EchoMessage> requestStream,
            IServerStreamWriter<EchoMessage> responseStream,
            ServerCallContext context)
        {
            await foreach (var message in requestStream.ReadAllAsync())
            {
                await responseStream.WriteAsync(message);
            }
        }
    }
}

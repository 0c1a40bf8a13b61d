using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Transport.Epoll.Tests.Https;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>HTTP/2, with prior knowledge in clear text and negotiated over TLS.</summary>
public sealed class Http2Tests
{
    private const int Streams = 50;

    public enum Security
    {
        None,
        UseHttps,
        UseEpollHttps,
    }

    public static TheoryData<TransportKind, Security> Endpoints()
    {
        TheoryData<TransportKind, Security> endpoints = [];
        foreach (var kind in Enum.GetValues<TransportKind>())
        {
            foreach (var security in Enum.GetValues<Security>())
            {
                endpoints.Add(kind, security);
            }
        }

        return endpoints;
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Get_ManyStreams_AreServed(TransportKind kind, Security security)
    {
        await using var host = await TestHost.StartAsync(kind, Routes, kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => Http2Only(listen, security)));
        using var client = host.CreateClient();
        await ExpectManyStreamsAsync(host, client);
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Post_Trailers_Arrive(TransportKind kind, Security security)
    {
        await using var host = await TestHost.StartAsync(kind, Routes, kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => Http2Only(listen, security)));
        using var client = host.CreateClient();
        using var response = await client.SendAsync(Request(host, "trailer")).WithTimeout();
        Assert.Equal("body", await response.Content.ReadAsStringAsync().WithTimeout());
        Assert.Equal("sent", Assert.Single(response.TrailingHeaders.GetValues("x-trailer")));
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task RequestAborted_StreamCancelled_FiresAndTheConnectionLivesOn(TransportKind kind, Security security)
    {
        var entered = new Gate();
        var aborted = new Gate();
        await using var host = await TestHost.StartAsync(
            kind,
            app =>
            {
                app.MapGet("/wait", async (HttpContext context) =>
                {
                    context.RequestAborted.Register(aborted.Open);
                    entered.Open();
                    await aborted.PassAsync();
                });
                app.MapGet("/id", (HttpContext context) => context.Connection.Id);
            },
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => Http2Only(listen, security)));
        using var client = host.CreateClient();
        var before = await ReadAsync(client, host, "id");
        using var cancellation = new CancellationTokenSource();
        var waiting = client.SendAsync(Request(host, "wait"), cancellation.Token);
        await entered.PassAsync();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WithTimeout());
        await aborted.PassAsync();
        Assert.Equal(before, await ReadAsync(client, host, "id"));
    }

    private static void Http2Only(ListenOptions listen, Security security)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (security != Security.None)
        {
            listen.UseTls(own: security == Security.UseEpollHttps);
        }
    }

    private static void Routes(WebApplication app)
    {
        app.MapGet("/{number:int}", (int number) => $"{number}");
        app.MapGet("/trailer", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("body");
            context.Response.AppendTrailer("x-trailer", "sent");
        });
    }

    private static async Task ExpectManyStreamsAsync(TestHost host, HttpClient client)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, Streams).Select(i => ReadAsync(client, host, $"{i}"))).WithTimeout();
        Assert.Equal(Enumerable.Range(0, Streams).Select(i => $"{i}"), answers);
    }

    private static async Task<string> ReadAsync(HttpClient client, TestHost host, string path)
    {
        using var response = await client.SendAsync(Request(host, path)).WithTimeout();
        Assert.Equal(HttpVersion.Version20, response.Version);
        return await response.Content.ReadAsStringAsync().WithTimeout();
    }

    private static HttpRequestMessage Request(TestHost host, string path) => new(HttpMethod.Get, new Uri(host.Address, path))
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}

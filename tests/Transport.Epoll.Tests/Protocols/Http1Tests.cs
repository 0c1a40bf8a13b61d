using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>HTTP/1.1 in its ordinary and its rarer forms.</summary>
public sealed class Http1Tests
{
    private const int Requests = 16;

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_KeepAlive_ServesManyRequestsOnOneConnection(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, app => app.MapGet("/", (HttpContext context) => context.Connection.Id));
        using var client = host.CreateClient(handler => handler.MaxConnectionsPerServer = 1);
        var ids = new HashSet<string>();
        for (var i = 0; i < 100; i++)
        {
            ids.Add(await client.GetStringAsync(host.Address).WithTimeout());
        }

        Assert.Single(ids);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_SixteenInOneWrite_AnswersInOrder(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, app => app.MapGet("/{number}", (string number) => $"<{number}>"));
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        var requests = new StringBuilder();
        for (var i = 0; i < Requests; i++)
        {
            requests.Append(System.Globalization.CultureInfo.InvariantCulture, $"GET /{i} HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        await client.SendAsync(requests.ToString());

        for (var i = 0; i < Requests; i++)
        {
            var response = await client.ReadUntilAsync($"<{i}>");
            Assert.Equal(1, response.Split("HTTP/1.1 200").Length - 1);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Get_RequestInSingleBytes_IsAnswered(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, app => app.MapGet("/", () => "slowly"));
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        foreach (var one in "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        {
            await client.SendAsync(one.ToString());
        }

        Assert.EndsWith("slowly", Encoding.ASCII.GetString(await client.ReadToEndAsync()).TrimEnd('0', '\r', '\n'), StringComparison.Ordinal);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Post_ExpectContinue_GetsTheGoAheadBeforeTheBody(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, app => app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync(await reader.ReadToEndAsync());
        }));
        using var client = await RawClient.ConnectAsync(host.EndPoint);

        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadUntilAsync("\r\n\r\n"));
        await client.SendAsync("body");
        Assert.StartsWith("HTTP/1.1 200", await client.ReadUntilAsync("body"), StringComparison.Ordinal);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Post_Trailers_ReachTheApplication(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, app => app.Run(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await context.Response.WriteAsync($"<{context.Request.GetTrailer("X-There")}>");
        }));
        using var client = await RawClient.ConnectAsync(host.EndPoint);

        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-There\r\n\r\n");
        await client.SendAsync("4\r\nbody\r\n0\r\nX-There: travelled\r\n\r\n");

        await client.ReadUntilAsync("<travelled>");
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task RequestAborted_ClientResets_Fires(TransportKind kind)
    {
        var entered = new Gate();
        var aborted = new Gate();
        await using var host = await TestHost.StartAsync(kind, app => app.Run(async context =>
        {
            context.RequestAborted.Register(aborted.Open);
            entered.Open();
            await aborted.PassAsync();
        }));
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await entered.PassAsync();

        client.Reset();

        await aborted.PassAsync();
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Abort_ByTheApplication_IsAResetOrCutOff(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, app => app.Run(async context =>
        {
            context.Response.ContentLength = 100_000;
            await context.Response.WriteAsync("the beginning");
            context.Abort();
        }));
        using var client = host.CreateClient();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(host.Address).WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Events_ServerSent_ArriveOneByOne(TransportKind kind)
    {
        var gates = new[] { new Gate(), new Gate(), new Gate() };
        await using var host = await TestHost.StartAsync(kind, app => app.MapGet("/events", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            for (var i = 0; i < gates.Length; i++)
            {
                await gates[i].PassAsync();
                await context.Response.WriteAsync($"data: {i}\n\n");
                await context.Response.Body.FlushAsync();
            }
        }));
        using var client = host.CreateClient();
        gates[0].Open();
        await using var stream = await client.GetStreamAsync(new Uri(host.Address, "events")).WithTimeout();
        using var reader = new StreamReader(stream);
        for (var i = 0; i < gates.Length; i++)
        {
            Assert.Equal($"data: {i}", await reader.ReadLineAsync().WithTimeout());
            Assert.Equal("", await reader.ReadLineAsync().WithTimeout());
            if (i + 1 < gates.Length)
            {
                gates[i + 1].Open();
            }
        }
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Routes;

public class RouteTests
{
    private const int LargeBody = 5_000_000;

    [Theory]
    [ClassData(typeof(TransportNames))]
    public async Task Routes_OnEachTransport_Answer(string transport)
    {
        await using var sample = await SampleProcess.StartAsync("--transport", transport);
        using var client = sample.CreateClient();

        await PlaintextAndJsonAsync(client);
        await BodiesAsync(client);
        if (transport != "sockets-inline") // there nobody receives the body while the handler waits for it
        {
            await UploadAsync(client, "/upload/blocking");
        }

        await TimingsAsync(client);

        using var info = await client.GetFromJsonAsync<JsonDocument>("/info?collect=1").WithTimeout(Deadline.Short);
        Assert.Equal(transport, info!.RootElement.GetProperty("transport").GetString());
        Assert.Equal(1, info.RootElement.GetProperty("connections").GetInt32());
        Assert.True(info.RootElement.GetProperty("openDescriptors").GetInt32() > 10);
        Assert.Contains($"<strong id=\"transport\">{transport}</strong>", await client.GetStringAsync(new Uri("/loops", UriKind.Relative)).WithTimeout(Deadline.Short), StringComparison.Ordinal);
        if (transport != "sockets-inline") // there nobody serves what the handler waits for
        {
            await WaitingAsync(client); // last: the server's own connection to itself counts too
        }
    }

    [Fact]
    public async Task Info_WithLoopsAndScheduling_NamesThem()
    {
        await using var sample = await SampleProcess.StartAsync("--loops", "3", "--scheduling", "inline");
        using var client = sample.CreateClient();

        using var info = await client.GetFromJsonAsync<JsonDocument>("/info").WithTimeout(Deadline.Short);

        Assert.Equal(3, info!.RootElement.GetProperty("loops").GetInt32());
        Assert.Equal("Inline", info.RootElement.GetProperty("scheduling").GetString());
        Assert.Equal(3, ProcFiles.Threads(sample.Id, "epoll-loop-").Count);
    }

    [Theory]
    [InlineData("/download/-1", "size must be a whole number from 0 to 10737418240")]
    [InlineData("/download/much", "size must be a whole number from 0 to 10737418240")]
    [InlineData("/delay/60001", "ms must be a whole number from 0 to 60000")]
    [InlineData("/block/1.5", "ms must be a whole number from 0 to 60000")]
    [InlineData("/spin/-1", "ms must be a whole number from 0 to 60000")]
    [InlineData("/garbage/0", "objects must be a whole number from 1 to 5000000")]
    [InlineData("/info?collect=2", "collect must be 0 or 1")]
    [InlineData("/ws", "/ws takes WebSocket requests only")]
    public async Task Get_ValueOutOfRange_NamesTheRange(string path, string message)
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();

        using var response = await client.GetAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Short);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(message, await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short), StringComparison.Ordinal);
    }

    private static async Task PlaintextAndJsonAsync(HttpClient client)
    {
        foreach (var (path, type, body) in new[] { ("/plaintext", "text/plain", "Hello, World!"), ("/json", "application/json", "{\"message\":\"Hello, World!\"}") })
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Short);
            Assert.Equal(body, await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short));
            Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
            Assert.Equal(body.Length, response.Content.Headers.ContentLength);
            Assert.Equal("Kestrel", response.Headers.Server.ToString());
            Assert.NotNull(response.Headers.Date);
        }
    }

    private static async Task BodiesAsync(HttpClient client)
    {
        await UploadAsync(client, "/upload");

        var body = new byte[LargeBody];
        new Random(1).NextBytes(body);
        using var echo = await client.PostAsync(new Uri("/echo", UriKind.Relative), new ByteArrayContent(body)).WithTimeout(Deadline.Short);
        Assert.Equal(body, await echo.Content.ReadAsByteArrayAsync().WithTimeout(Deadline.Short));

        var download = await client.GetByteArrayAsync(new Uri($"/download/{LargeBody}", UriKind.Relative)).WithTimeout(Deadline.Short);
        Assert.Equal(LargeBody, download.Length);
        Assert.Equal((byte)'a', download[0]);
    }

    private static async Task UploadAsync(HttpClient client, string path)
    {
        using var upload = await client.PostAsync(new Uri(path, UriKind.Relative), new ByteArrayContent(new byte[LargeBody])).WithTimeout(Deadline.Short);
        Assert.Equal($"{{\"bytes\":{LargeBody}}}", await upload.Content.ReadAsStringAsync().WithTimeout(Deadline.Short));
    }

    private static async Task TimingsAsync(HttpClient client)
    {
        Assert.StartsWith("awaited 5 ms", await client.GetStringAsync(new Uri("/delay/5", UriKind.Relative)).WithTimeout(Deadline.Short), StringComparison.Ordinal);
        Assert.StartsWith("blocked 5 ms", await client.GetStringAsync(new Uri("/block/5", UriKind.Relative)).WithTimeout(Deadline.Short), StringComparison.Ordinal);
        Assert.StartsWith("spun 5 ms", await client.GetStringAsync(new Uri("/spin/5", UriKind.Relative)).WithTimeout(Deadline.Short), StringComparison.Ordinal);
        Assert.Equal("collected 1000 objects\n", await client.GetStringAsync(new Uri("/garbage/1000", UriKind.Relative)).WithTimeout(Deadline.Short));
    }

    /// <summary>Handlers that block until another request to the same server is answered, or in its handler.</summary>
    private static async Task WaitingAsync(HttpClient client)
    {
        Assert.Equal("/delay/20 answers 200\n", await client.GetStringAsync(new Uri("/self/blocking", UriKind.Relative)).WithTimeout(Deadline.Short));

        var meeting = new Uri("/meet/route", UriKind.Relative);
        var both = await Task.WhenAll(client.GetStringAsync(meeting), client.GetStringAsync(meeting)).WithTimeout(Deadline.Short);
        Assert.Equal(["met\n", "waited\n"], both.Order(StringComparer.Ordinal));
    }
}

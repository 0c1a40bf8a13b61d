using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Dashboard;

/// <summary>What is behind the page <c>/loops</c>, without a browser.</summary>
public class DashboardRouteTests
{
    [Fact]
    public async Task Trial_WhileOneRuns_IsRefused()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();

        using var first = await StartAsync(client, "load");
        using var second = await StartAsync(client, "blocking");

        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
        Assert.Matches(@"^A trial with load goes on for up to [1-8] s; one runs at a time\.\n$", await second.Content.ReadAsStringAsync().WithTimeout(Deadline.Short));
    }

    [Fact]
    [Trait("Size", "Long")] // eight seconds
    public async Task Trial_ItsTimeIsUp_EndsWithoutALossAndTheNextMayStart()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();
        using var first = await StartAsync(client, "load");

        await using var events = await EventsAsync(client);
        JsonElement trial;
        do
        {
            trial = (await NextAsync(events)).GetProperty("trial");
        }
        while (trial.GetProperty("running").GetBoolean());
        Assert.InRange(trial.GetProperty("answered").GetInt64(), 100, 500_000);
        Assert.Equal(0, trial.GetProperty("failed").GetInt64());
        using var next = await StartAsync(client, "blocking");
        Assert.Equal(HttpStatusCode.Accepted, next.StatusCode);
    }

    [Theory]
    [InlineData("sockets", "http://unix:", "")]
    [InlineData("epoll", "http://unix:", "")]
    [InlineData("epoll", "https://127.0.0.1:0", "")]
    [InlineData("epoll", "http://[::1]:0", "Http2")]
    public async Task Trial_OnEachKindOfEndpoint_IsAnswered(string transport, string address, string protocols)
    {
        using var folder = new ScratchFolder();
        var url = address == "http://unix:" ? $"http://unix:{folder.File("sample.sock")}" : address;
        string[] only = protocols.Length == 0 ? [] : ["--Kestrel:EndpointDefaults:Protocols", protocols];
        await using var sample = await SampleProcess.StartAsync(["--transport", transport, "--urls", url, .. only]);
        var how = $"{(protocols.Length == 0 ? "" : "--http2-prior-knowledge ")}{(address == "http://unix:" ? $"--unix-socket {folder.File("sample.sock")}" : "")}".Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var reachable = address == "http://unix:" ? "http://localhost" : sample.Address;

        var start = await Tool.RunAsync("curl", ["-ksS", .. how, "-X", "POST", $"{reachable}/loops/trials/load"]);
        Assert.Contains("\"running\":true", start.Output, StringComparison.Ordinal);

        var answered = 0L;
        await Deadline.UntilAsync(
            async () =>
            {
                // One event, then curl has had enough.
                var events = await Tool.RunAsync("sh", ["-c", "curl -ksSN \"$@\" | head -n 2", "sh", .. how, $"{reachable}/loops/events"]);
                using var figures = JsonDocument.Parse(events.Output[events.Output.IndexOf('{', StringComparison.Ordinal)..]);
                var trial = figures.RootElement.GetProperty("trial");
                Assert.True(trial.GetProperty("failed").GetInt64() == 0, $"{trial}");
                answered = trial.GetProperty("answered").GetInt64();
                return answered > 0;
            },
            () => $"{answered} answers");
    }

    [Theory]
    [InlineData("everything", null, HttpStatusCode.BadRequest, "There is no trial 'everything'; allowed are load, blocking.\n")]
    [InlineData("load", "http://elsewhere.example", HttpStatusCode.Forbidden, "Only a page of this server may start a trial.\n")]
    public async Task Trial_NotAllowed_IsRefusedWithTheReason(string name, string? origin, HttpStatusCode status, string reason)
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();

        using var response = await StartAsync(client, name, origin);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(reason, await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short));
    }

    [Fact]
    public async Task Trial_ServerStops_EndsAtOnce()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();
        using var start = await StartAsync(client, "blocking");
        Assert.Equal(HttpStatusCode.Accepted, start.StatusCode);

        Assert.Equal(0, await sample.StopAsync());
        Assert.DoesNotContain("fail:", sample.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_TwoWatchers_CountTheSameRequests()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();
        await using var one = await EventsAsync(client);
        await using var two = await EventsAsync(client);
        var before = (await NextAsync(one)).GetProperty("requests").GetInt64();
        await NextAsync(two);

        for (var i = 0; i < 5; i++)
        {
            await client.GetStringAsync("/plaintext").WithTimeout(Deadline.Short);
        }

        foreach (var events in new[] { one, two })
        {
            await Deadline.UntilAsync(async () => (await NextAsync(events)).GetProperty("requests").GetInt64() == before + 5, () => "five requests more");
        }
    }

    [Fact]
    public async Task Assets_AskedForAgain_AreNotSentAgain()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();

        foreach (var (name, type) in new[] { ("loops.js", "text/javascript"), ("uPlot.min.js", "text/javascript"), ("uPlot.min.css", "text/css") })
        {
            using var first = await client.GetAsync($"/loops/{name}").WithTimeout(Deadline.Short);
            using var again = new HttpRequestMessage(HttpMethod.Get, $"/loops/{name}");
            again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            using var second = await client.SendAsync(again).WithTimeout(Deadline.Short);

            Assert.Equal(type, first.Content.Headers.ContentType!.MediaType);
            Assert.True((await first.Content.ReadAsByteArrayAsync().WithTimeout(Deadline.Short)).Length > 1_000);
            Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        }
    }

    private static Task<HttpResponseMessage> StartAsync(HttpClient client, string name, string? origin = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/loops/trials/{name}");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        return client.SendAsync(request).WithTimeout(Deadline.Short);
    }

    private static async Task<IAsyncEnumerator<SseItem<string>>> EventsAsync(HttpClient client)
        => SseParser.Create(await client.GetStreamAsync("/loops/events").WithTimeout(Deadline.Short)).EnumerateAsync().GetAsyncEnumerator();

    private static async Task<JsonElement> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        Assert.True(await events.MoveNextAsync().WithTimeout(Deadline.Short));
        using var figures = JsonDocument.Parse(events.Current.Data);
        return figures.RootElement.Clone();
    }
}

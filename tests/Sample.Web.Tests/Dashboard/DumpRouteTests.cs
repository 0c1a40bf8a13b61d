using System.Net;
using System.Text.Json;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Dashboard;

/// <summary><c>/loops/dump</c>: what the transport tells of itself, while a handler blocks, too.</summary>
public class DumpRouteTests
{
    [Fact]
    public async Task Dump_WhileAHandlerBlocks_NamesItsLoopThreadAndConnection()
    {
        await using var sample = await SampleProcess.StartAsync("--loops", "2");
        using var client = sample.CreateClient();
        using var blocked = sample.CreateClient();
        await LoopConnections.SettleAsync(sample, blocked);
        var blocking = blocked.GetStringAsync("/meet/dump");

        JsonElement heldUp = default;
        JsonElement dump = default;
        await Deadline.UntilAsync(
            async () =>
            {
                dump = await DumpAsync(client, "");
                heldUp = dump.GetProperty("heldUpCallbacks").EnumerateArray().FirstOrDefault();
                return heldUp.ValueKind == JsonValueKind.Object && dump.GetProperty("connectionCount").GetInt32() == 2; // those that asked where it runs are gone
            },
            () => $"A held-up callback in {dump}");
        await client.GetStringAsync("/meet/dump").WithTimeout(Deadline.Short);
        await blocking.WithTimeout(Deadline.Short);

        Assert.Equal("Auto", dump.GetProperty("scheduling").GetString());
        Assert.Equal([0, 1], dump.GetProperty("loops").EnumerateArray().Select(loop => loop.GetProperty("index").GetInt32()));
        Assert.InRange(heldUp.GetProperty("loopIndex").GetInt32(), 0, 1);
        Assert.True(Directory.Exists($"/proc/{sample.Id}/task/{heldUp.GetProperty("threadId").GetInt32()}"));
        Assert.Contains(heldUp.GetProperty("connectionId").GetString(), dump.GetProperty("connections").EnumerateArray().Select(connection => connection.GetProperty("id").GetString()));
        Assert.Contains(dump.GetProperty("connections").EnumerateArray(), connection => connection.GetProperty("tcpInfo").ValueKind == JsonValueKind.Object);
        Assert.Equal(sample.Address["http://".Length..], Assert.Single(dump.GetProperty("listeners").EnumerateArray()).GetProperty("endPoint").GetString());
    }

    [Fact]
    public async Task Dump_NumberOfConnections_IsKept()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();

        var dump = await DumpAsync(client, "?connections=0");

        Assert.Empty(dump.GetProperty("connections").EnumerateArray());
        Assert.Equal(1, dump.GetProperty("connectionCount").GetInt32());
    }

    [Theory]
    [InlineData("epoll", "?connections=many", HttpStatusCode.BadRequest, "connections must be a whole number from 0 to 10000.\n")]
    [InlineData("sockets", "", HttpStatusCode.NotFound, "Transport sockets has no loops: only epoll tells what it does.\n")]
    public async Task Dump_NotPossible_SaysWhy(string transport, string query, HttpStatusCode status, string reason)
    {
        await using var sample = await SampleProcess.StartAsync("--transport", transport);
        using var client = sample.CreateClient();

        using var response = await client.GetAsync($"/loops/dump{query}").WithTimeout(Deadline.Short);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(reason, await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short));
    }

    private static async Task<JsonElement> DumpAsync(HttpClient client, string query)
    {
        using var response = await client.GetAsync($"/loops/dump{query}").WithTimeout(Deadline.Short);
        var text = await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short);
        Assert.True(response.IsSuccessStatusCode, text);
        using var dump = JsonDocument.Parse(text);
        return dump.RootElement.Clone();
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Application;

public class IssueApiTests
{
    [Fact]
    public async Task Issue_AddedClosedAndReopened_IsWhereItBelongs()
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}");
        using var client = sample.CreateClient();
        Assert.Equal(0, await CountAsync(client, "open"));

        var first = await IssueForm.PostAsync(client, "first");
        var second = await IssueForm.PostAsync(client, "  second  ");
        Assert.Equal(2, await CountAsync(client, "open")); // the cached list is gone
        using var closed = await client.PostAsync(new Uri($"/api/issues/{first}/close", UriKind.Relative), null).WithTimeout(Deadline.Short);

        Assert.Equal(HttpStatusCode.OK, closed.StatusCode);
        Assert.Equal(1, await CountAsync(client, "open"));
        Assert.Equal(1, await CountAsync(client, "closed"));
        using var issue = await client.GetFromJsonAsync<JsonDocument>($"/api/issues/{second}").WithTimeout(Deadline.Short);
        Assert.Equal("second", issue!.RootElement.GetProperty("title").GetString());
        Assert.Equal("open", issue.RootElement.GetProperty("state").GetString());
        using var page = await client.GetFromJsonAsync<JsonDocument>("/api/issues?limit=1").WithTimeout(Deadline.Short);
        Assert.Equal(second, page!.RootElement.GetProperty("items")[0].GetProperty("id").GetInt32());
        Assert.Equal(second, page.RootElement.GetProperty("before").GetInt32());
        Assert.Equal([first, second], await IssueForm.AllAsync(client));

        using var reopened = await client.PostAsync(new Uri($"/api/issues/{first}/reopen", UriKind.Relative), null).WithTimeout(Deadline.Short);
        Assert.Equal(2, await CountAsync(client, "open"));
        Assert.Contains("first", await client.GetStringAsync(new Uri($"/issues/{first}", UriKind.Relative)).WithTimeout(Deadline.Short), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_BadInput_IsAnsweredWithProblemDetails()
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}");
        using var client = sample.CreateClient();
        var longTitle = new string('x', 121);

        await RefusedAsync("""{"author":"Ada"}""", "The title is missing.");
        await RefusedAsync("""{"title":" ","author":"Ada"}""", "The title is missing.");
        await RefusedAsync($$"""{"title":"{{longTitle}}","author":"Ada"}""", "at most 120 characters");
        await RefusedAsync("""{"title":"lamp"}""", "Your name is missing.");
        await RefusedAsync("""{"title":"lamp",""", null);
        await RefusedAsync("[]", null);
        await GetRefusedAsync("/api/issues?limit=0", HttpStatusCode.BadRequest, "from 1 to 100");
        await GetRefusedAsync("/api/issues?limit=many", HttpStatusCode.BadRequest, null);
        await GetRefusedAsync("/api/issues?state=lost", HttpStatusCode.BadRequest, "open or closed");
        await GetRefusedAsync("/api/issues?before=-1", HttpStatusCode.BadRequest, "the number of an issue");
        await GetRefusedAsync("/api/issues/7", HttpStatusCode.NotFound, null);
        await GetRefusedAsync("/api/nothing", HttpStatusCode.NotFound, null);
        Assert.Empty(await IssueForm.AllAsync(client));

        async Task RefusedAsync(string body, string? message)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync(new Uri("/api/issues", UriKind.Relative), content).WithTimeout(Deadline.Short);
            await RequireProblemAsync(response, HttpStatusCode.BadRequest, message);
        }

        async Task GetRefusedAsync(string path, HttpStatusCode status, string? message)
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Short);
            await RequireProblemAsync(response, status, message);
        }
    }

    [Fact]
    public async Task Request_DatabaseCannotBeOpened_SaysSo()
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--ConnectionStrings:Sqlite", $"Data Source={folder.File("gone/sample.db")}");
        using var client = sample.CreateClient();

        using (var response = await client.GetAsync(new Uri("/api/issues", UriKind.Relative)).WithTimeout(Deadline.Short))
        {
            await RequireProblemAsync(response, HttpStatusCode.ServiceUnavailable, "The database can't be used at the moment.");
        }

        using (var page = await client.GetAsync(new Uri("/", UriKind.Relative)).WithTimeout(Deadline.Short))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
            Assert.Contains("The database can&#x27;t be used at the moment.", await page.Content.ReadAsStringAsync().WithTimeout(Deadline.Short), StringComparison.Ordinal);
        }

        Directory.CreateDirectory(folder.File("gone")); // and it is there again
        await IssueForm.PostAsync(client, "back");
    }

    private static async Task RequireProblemAsync(HttpResponseMessage response, HttpStatusCode status, string? message)
    {
        var body = await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short);
        Assert.True(status == response.StatusCode, $"{response.RequestMessage?.RequestUri}: {response.StatusCode} {body}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(body);
        Assert.Equal((int)status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Contains(message ?? "", JsonSerializer.Serialize(problem, s_readable), StringComparison.Ordinal);
    }

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static async Task<int> CountAsync(HttpClient client, string state)
    {
        using var list = await client.GetFromJsonAsync<JsonDocument>($"/api/issues?state={state}").WithTimeout(Deadline.Short);
        return list!.RootElement.GetProperty("items").GetArrayLength();
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Database;

public class DatabaseRouteTests
{
    private const string Head = "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table><tr><th>id</th><th>message</th></tr>";
    private const string Tail = "</table></body></html>";

    /// <summary>As TechEmpower lists them: sorted by text, the added row between the others, nothing that a browser would run.</summary>
    private static readonly string[] s_fortunes =
    [
        "<tr><td>11</td><td>&lt;script&gt;alert(&quot;This should not be displayed in a browser alert box.&quot;);&lt;/script&gt;</td></tr>",
        "<tr><td>4</td><td>A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1</td></tr>",
        "<tr><td>5</td><td>A computer program does what you tell it to do, not what you want it to do.</td></tr>",
        "<tr><td>2</td><td>A computer scientist is someone who fixes things that aren't broken.</td></tr>",
        "<tr><td>8</td><td>A list is only as strong as its weakest link. — Donald Knuth</td></tr>",
        "<tr><td>0</td><td>Additional fortune added at request time.</td></tr>",
        "<tr><td>3</td><td>After enough decimal places, nobody gives a damn.</td></tr>",
        "<tr><td>7</td><td>Any program that runs right is obsolete.</td></tr>",
        "<tr><td>10</td><td>Computers make very fast, very accurate mistakes.</td></tr>",
        "<tr><td>6</td><td>Emacs is a nice operating system, but I prefer UNIX. — Tom Christaensen</td></tr>",
        "<tr><td>9</td><td>Feature: A bug with seniority.</td></tr>",
        "<tr><td>1</td><td>fortune: No such file or directory</td></tr>",
        "<tr><td>12</td><td>フレームワークのベンチマーク</td></tr>",
    ];

    [Fact]
    public async Task Routes_OnEitherDatabase_GiveTheSameRows()
    {
        using var folder = new ScratchFolder();
        await using var server = await MariaDb.StartNewAsync();
        await using var sqlite = await SampleProcess.StartAsync("--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}");
        await using var mariaDb = await SampleProcess.StartAsync("--ConnectionStrings:MariaDb", server.ConnectionString);
        using var fromSqlite = sqlite.CreateClient();
        using var fromMariaDb = mariaDb.CreateClient();

        // The updates first: what they write is what is read after them.
        foreach (var path in (string[])["/updates?queries=20&seed=1", "/ef/updates?queries=20&seed=2", "/queries?queries=500&seed=1", "/queries?queries=20&seed=2", "/db?seed=1", "/fortunes"])
        {
            var expected = await AskAsync(fromSqlite, path);
            Assert.Equal(expected, await AskAsync(fromMariaDb, path));
            if (!path.StartsWith("/ef", StringComparison.Ordinal))
            {
                Assert.Equal(expected, await AskAsync(fromSqlite, $"/ef{path}"));
                Assert.Equal(expected, await AskAsync(fromMariaDb, $"/ef{path}"));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/ef")]
    public async Task Routes_AsTheBenchmarkDefinesThem_Answer(string prefix)
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}");
        using var client = sample.CreateClient();

        using var world = await client.GetFromJsonAsync<JsonDocument>($"{prefix}/db").WithTimeout(Deadline.Long);
        Assert.Equal(["id", "randomNumber"], world!.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.InRange(world.RootElement.GetProperty("id").GetInt32(), 1, 10_000);

        foreach (var (queries, rows) in new[] { ("?queries=20", 20), ("?queries=501", 500), ("?queries=0", 1), ("?queries=foo", 1), ("", 1) })
        {
            using var worlds = await client.GetFromJsonAsync<JsonDocument>($"{prefix}/queries{queries}").WithTimeout(Deadline.Long);
            Assert.Equal(rows, worlds!.RootElement.GetArrayLength());
        }

        // What was written is what is read: the same rows, with the numbers of the answer.
        var updated = await AskAsync(client, $"{prefix}/updates?queries=20&seed=3");
        var before = await AskAsync(client, $"{prefix}/updates?queries=20"); // others, in all likelihood
        Assert.NotEqual(updated, before);
        Assert.Equal(await AskAsync(client, $"{prefix}/updates?queries=20&seed=3"), await AskAsync(client, $"{prefix}/queries?queries=20&seed=3"));

        // The encoder writes some characters as numbers, which is the same to a browser.
        var table = (await AskAsync(client, $"{prefix}/fortunes")).Replace($"text/html; charset=utf-8\n{Head}", "", StringComparison.Ordinal).Replace(Tail, "", StringComparison.Ordinal);
        Assert.Equal(string.Concat(s_fortunes.Select(WebUtility.HtmlDecode)), WebUtility.HtmlDecode(table));
        Assert.DoesNotContain("<script>", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Routes_MariaDbStopsAndComesBack_SaySoAndGoOn()
    {
        await using var server = await MariaDb.StartNewAsync();
        await using var sample = await SampleProcess.StartAsync("--ConnectionStrings:MariaDb", server.ConnectionString);
        using var client = sample.CreateClient();
        string[] paths = ["/db", "/ef/queries?queries=2", "/updates?queries=2", "/ef/fortunes", "/api/issues?before=", "/"];
        var asked = 1;
        await RequireAsync(HttpStatusCode.OK);

        await server.StopAsync();
        await RequireAsync(HttpStatusCode.ServiceUnavailable);

        await server.StartAsync();
        await RequireAsync(HttpStatusCode.OK);

        async Task RequireAsync(HttpStatusCode status)
        {
            foreach (var path in paths)
            {
                // Each list is another one: the last second's would come from the cache.
                var url = path.EndsWith('=') ? $"{path}{asked++}" : path;
                using var response = await client.GetAsync(new Uri(url, UriKind.Relative)).WithTimeout(Deadline.Long);
                var body = await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short);
                Assert.True(status == response.StatusCode, $"{path}: {response.StatusCode} {body}\n{sample.Log}");
                Assert.Equal(status == HttpStatusCode.ServiceUnavailable, WebUtility.HtmlDecode(body).Contains("The database can't be used", StringComparison.Ordinal) || body.Contains("The database can\\u0027t be used", StringComparison.Ordinal));
            }
        }
    }

    private static async Task<string> AskAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Long);
        var body = await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode} {body}");
        return $"{response.Content.Headers.ContentType}\n{body}";
    }
}

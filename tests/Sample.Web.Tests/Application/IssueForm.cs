using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Application;

/// <summary>What a person, or a client of the API, does with the issue list.</summary>
internal static class IssueForm
{
    /// <summary>Fills in the form and sends it, and waits until the list shows the issue.</summary>
    public static async Task AddAsync(IPage page, string title, string author = "Ada")
    {
        await page.GetByLabel("Title").FillAsync(title).WithTimeout(Deadline.Long);
        await page.GetByLabel("Your name").FillAsync(author).WithTimeout(Deadline.Long);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add issue" }).ClickAsync().WithTimeout(Deadline.Long);
        await Row(page, title).WaitForAsync().WithTimeout(Deadline.Long);
    }

    public static ILocator Row(IPage page, string title) => page.Locator("#issues li").Filter(new() { Has = page.GetByText(title, new() { Exact = true }) });

    /// <summary>Waits until the page has its live connection.</summary>
    public static Task LiveAsync(IPage page) => page.Locator("#live.on").WaitForAsync().WithTimeout(Deadline.Long);

    /// <summary>Adds an issue through the API and returns its number.</summary>
    public static async Task<int> PostAsync(HttpClient client, string title)
    {
        using var response = await client.PostAsJsonAsync("/api/issues", new { title, author = "Ada" }).WithTimeout(Deadline.Long);
        response.EnsureSuccessStatusCode();
        using var issue = await response.Content.ReadFromJsonAsync<JsonDocument>().WithTimeout(Deadline.Short);
        return issue!.RootElement.GetProperty("id").GetInt32();
    }

    /// <summary>The numbers of all issues.</summary>
    public static async Task<HashSet<int>> AllAsync(HttpClient client)
    {
        var all = new HashSet<int>();
        for (int? before = int.MaxValue; before != null;)
        {
            using var list = await client.GetFromJsonAsync<JsonDocument>($"/api/issues?limit=100&before={before}").WithTimeout(Deadline.Long);
            all.UnionWith(list!.RootElement.GetProperty("items").EnumerateArray().Select(issue => issue.GetProperty("id").GetInt32()));
            before = list.RootElement.GetProperty("before") is { ValueKind: JsonValueKind.Number } next ? next.GetInt32() : null;
        }

        return all;
    }
}

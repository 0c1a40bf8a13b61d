using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Playwright;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Application;

/// <summary>The application on more than one process: what one of them is told, the other's pages show, and nothing is lost when one goes.</summary>
public class ClusterTests
{
    [Fact]
    public async Task Entry_AddedThroughOneProcess_ShowsLiveInAWindowOfTheOther()
    {
        await using var cluster = await Cluster.StartNewAsync();
        await using var browser = await Browser.StartAsync();
        var (one, two) = await OpenWindowsAsync(cluster, browser);

        // Only the hub can bring it in time: the page looks at the list by itself every ten seconds.
        await two.EvaluateAsync("() => { window.fetch = () => new Promise(() => {}); }").WithTimeout(Deadline.Short);
        await IssueForm.AddAsync(one, "seen elsewhere");
        await IssueForm.Row(two, "seen elsewhere").WaitForAsync().WithTimeout(Deadline.Short);

        Assert.Empty(browser.Problems);
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.LongPolling)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [Trait("Size", "Long")]
    public async Task Hub_ThroughNginx_TellsOnEveryTransport(HttpTransportType transport)
    {
        await using var cluster = await Cluster.StartNewAsync();
        using var client = cluster.CreateClient();
        var told = Enumerable.Range(0, 4).Select(_ => new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)).ToList();
        var hubs = told.Select(told => Connect(told)).ToList();
        try
        {
            await Task.WhenAll(hubs.Select(hub => hub.StartAsync())).WithTimeout(Deadline.Long);

            var id = await IssueForm.PostAsync(client, "told");

            Assert.All(await Task.WhenAll(told.Select(t => t.Task)).WithTimeout(Deadline.Short), seen => Assert.Equal(id, seen));
        }
        finally
        {
            foreach (var hub in hubs)
            {
                await hub.DisposeAsync().WithTimeout(Deadline.Long);
            }
        }

        HubConnection Connect(TaskCompletionSource<int> told)
        {
            var hub = new HubConnectionBuilder().WithUrl($"{cluster.Address}/live", transport).Build();
            hub.On<JsonElement>("changed", issue => told.TrySetResult(issue.GetProperty("id").GetInt32()));
            return hub;
        }
    }

    [Fact]
    [Trait("Size", "Long")]
    public async Task OneProcess_StopsAndIsKilledUnderLoad_LosesNothing()
    {
        await using var cluster = await Cluster.StartNewAsync();
        using var client = cluster.CreateClient();
        await IssueForm.PostAsync(client, "warm");
        var accepted = new ConcurrentBag<int>();
        var failures = new ConcurrentBag<string>();
        using var end = new CancellationTokenSource();
        var posting = Enumerable.Range(0, 8).Select(_ => PostAsync(client, accepted, failures, end.Token)).ToList();

        // Stopped in order: whatever was sent is answered, by one or the other.
        for (var i = 0; i < 3; i++)
        {
            await MoreAsync(accepted, 100);
            await cluster.StopAsync("one");
            await MoreAsync(accepted, 100);
            await cluster.StartAsync("one");
        }

        Assert.True(failures.IsEmpty, $"{string.Join('\n', failures)}\n{cluster.Log("nginx")}\n{cluster.Log("one")}");

        // Killed: requests in flight may fail, but what was accepted is there.
        await MoreAsync(accepted, 100);
        using (var process = Process.GetProcessById(cluster.ProcessId("one")))
        {
            process.Kill();
            await process.WaitForExitAsync().WithTimeout(Deadline.Short);
        }

        // The kernel takes connections for a dying process to the last; once it is gone, nothing fails any more.
        await MoreAsync(accepted, 100);
        var failedMeanwhile = failures.Count;
        await MoreAsync(accepted, 100);
        await cluster.StartAsync("one");
        await MoreAsync(accepted, 100);
        await end.CancelAsync();
        await Task.WhenAll(posting).WithTimeout(Deadline.Long);

        Assert.True(failures.Count == failedMeanwhile, string.Join('\n', failures));
        Assert.Empty(accepted.Except(await IssueForm.AllAsync(client)));
    }

    [Fact]
    [Trait("Size", "Long")]
    public async Task RedisAndMariaDb_StopAndComeBack_RecoverWithoutARestart()
    {
        await using var cluster = await Cluster.StartNewAsync();
        await using var browser = await Browser.StartAsync();
        using var client = cluster.CreateClient();
        var (one, two) = await OpenWindowsAsync(cluster, browser);
        int[] processes = [cluster.ProcessId("one"), cluster.ProcessId("two")];

        await cluster.StopAsync("redis");
        await IssueForm.AddAsync(one, "without redis"); // stored, though others are not told
        await ShowsAsync(two, "Changes made elsewhere show a little later");
        await IssueForm.Row(two, "without redis").WaitForAsync().WithTimeout(Deadline.Long); // it looks at the list by itself
        await cluster.StartAsync("redis");
        await IssueForm.LiveAsync(one);
        await IssueForm.LiveAsync(two);
        await IssueForm.AddAsync(one, "with redis again");
        await IssueForm.Row(two, "with redis again").WaitForAsync().WithTimeout(Deadline.Short);

        await cluster.StopAsync("mariadb");
        using (var refused = await client.PostAsJsonAsync("/api/issues", new { title = "refused", author = "Ada" }).WithTimeout(Deadline.Long))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        }

        await ShowsAsync(two, "The database can't be used at the moment.");
        await one.ReloadAsync().WithTimeout(Deadline.Long);
        Assert.Equal("The database can't be used at the moment.", await one.Locator("h1").InnerTextAsync().WithTimeout(Deadline.Short));

        await cluster.StartAsync("mariadb");
        await one.ReloadAsync().WithTimeout(Deadline.Long);
        await IssueForm.LiveAsync(one);
        await IssueForm.LiveAsync(two);
        await IssueForm.AddAsync(one, "with mariadb again");
        await IssueForm.Row(two, "with mariadb again").WaitForAsync().WithTimeout(Deadline.Short);

        foreach (var window in (IPage[])[one, two])
        {
            var serves = await window.Locator("#process").InnerTextAsync().WithTimeout(Deadline.Short);
            Assert.Contains(int.Parse(serves, CultureInfo.InvariantCulture), processes); // who served before, not a successor
        }

        Assert.Equal(0, await IssueForm.Row(two, "refused").CountAsync().WithTimeout(Deadline.Short));
    }

    /// <summary>Two windows that different processes serve: each is a new browser to nginx, which gives it to either.</summary>
    private static async Task<(IPage One, IPage Two)> OpenWindowsAsync(Cluster cluster, Browser browser)
    {
        var windows = new Dictionary<int, IPage>();
        for (var tries = 0; windows.Count < 2; tries++)
        {
            Assert.True(tries < 40, "nginx gives all windows to one process.");
            var page = await browser.OpenAsync(cluster.Address);
            var process = int.Parse(await page.Locator("#process").InnerTextAsync().WithTimeout(Deadline.Short), CultureInfo.InvariantCulture);
            if (!windows.TryAdd(process, page))
            {
                await page.CloseAsync().WithTimeout(Deadline.Short);
            }
        }

        await Task.WhenAll(windows.Values.Select(IssueForm.LiveAsync));
        return (windows[cluster.ProcessId("one")], windows[cluster.ProcessId("two")]);
    }

    private static Task ShowsAsync(IPage page, string state) => page.Locator("#live").Filter(new() { HasText = state }).WaitForAsync().WithTimeout(Deadline.Long);

    private static async Task PostAsync(HttpClient client, ConcurrentBag<int> accepted, ConcurrentBag<string> failures, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                accepted.Add(await IssueForm.PostAsync(client, "kept"));
            }
            catch (HttpRequestException exception)
            {
                failures.Add(exception.Message);
            }
        }
    }

    private static Task MoreAsync(ConcurrentBag<int> accepted, int more)
    {
        var before = accepted.Count;
        return Deadline.UntilAsync(() => accepted.Count >= before + more, $"{more} more issues accepted", Deadline.Long);
    }
}

using Microsoft.Playwright;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Application;

public class IssuePageTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Page_ChangesInAnotherWindow_ShowLive(string transport)
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--transport", transport, "--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}");
        await using var browser = await Browser.StartAsync();
        var desk = await browser.OpenAsync(sample.Address);
        var phone = await browser.OpenAsync(sample.Address, width: 360, height: 640, scheme: ColorScheme.Dark);
        await IssueForm.LiveAsync(phone);

        await IssueForm.AddAsync(desk, "<b>The lamp is broken</b>");
        await IssueForm.Row(phone, "<b>The lamp is broken</b>").WaitForAsync().WithTimeout(Deadline.Short);

        // And back: a row that came over the hub has a button that works.
        await IssueForm.LiveAsync(desk);
        await IssueForm.Row(phone, "<b>The lamp is broken</b>").GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync().WithTimeout(Deadline.Short);
        await desk.Locator("#issues li.closed").WaitForAsync().WithTimeout(Deadline.Short);
        await IssueForm.Row(desk, "<b>The lamp is broken</b>").GetByRole(AriaRole.Button, new() { Name = "Reopen" }).WaitForAsync().WithTimeout(Deadline.Short);

        Assert.Contains(transport, await desk.Locator("footer").InnerTextAsync().WithTimeout(Deadline.Short), StringComparison.Ordinal);
        Assert.Equal(360, await phone.EvaluateAsync<int>("document.documentElement.scrollWidth").WithTimeout(Deadline.Short));
        Assert.NotEqual(await BackgroundAsync(desk), await BackgroundAsync(phone));
        Assert.Empty(browser.Problems);
    }

    [Fact]
    public async Task Page_ServerRestarts_ComesBackAndShowsWhatItMissed()
    {
        using var folder = new ScratchFolder();
        string[] arguments = ["--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}"];
        await using var browser = await Browser.StartAsync();
        IPage page;
        int port;
        await using (var first = await SampleProcess.StartAsync(arguments))
        {
            port = first.Port;
            page = await browser.OpenAsync(first.Address);
            await IssueForm.LiveAsync(page);
            Assert.Equal(0, await first.StopAsync()); // with the page's connection open
        }

        await page.Locator("#live.off").WaitForAsync().WithTimeout(Deadline.Short);
        await using var second = await SampleProcess.StartAsync([.. arguments, "--urls", $"http://127.0.0.1:{port}"]);
        using var client = second.CreateClient();
        await IssueForm.PostAsync(client, "missed");

        await IssueForm.LiveAsync(page);
        await IssueForm.Row(page, "missed").WaitForAsync().WithTimeout(Deadline.Short);
    }

    [Fact]
    public async Task Form_WithoutTitle_SaysSoAndKeepsTheRest()
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}");
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(sample.Address);

        await page.GetByLabel("Your name").FillAsync("Ada").WithTimeout(Deadline.Short);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add issue" }).ClickAsync().WithTimeout(Deadline.Short);

        await page.GetByText("The title is missing.").WaitForAsync().WithTimeout(Deadline.Short);
        Assert.Equal("Ada", await page.GetByLabel("Your name").InputValueAsync().WithTimeout(Deadline.Short));
        Assert.Equal(0, await page.Locator("#issues li").CountAsync().WithTimeout(Deadline.Short));
    }

    private static Task<string> BackgroundAsync(IPage page) => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor").WithTimeout(Deadline.Short);
}

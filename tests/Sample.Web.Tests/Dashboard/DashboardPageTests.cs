using System.Globalization;
using Microsoft.Playwright;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Dashboard;

/// <summary>The page <c>/loops</c> in a browser: what a visitor sees move, on a laptop and on a phone.</summary>
public class DashboardPageTests
{
    /// <summary>So many bytes at most: the picture is part of the repository.</summary>
    private const int MaxScreenshot = 200_000;

    /// <summary>Colours of a canvas that are not its background; what uPlot draws for an empty chart, its grid and numbers, has two.</summary>
    private const string ColorsOfCharts = """
        [...document.querySelectorAll('#charts figure:not([hidden]) canvas')].map(canvas => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let colored = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] > 200 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) colored++;
          }
          return colored;
        })
        """;

    [Fact]
    public async Task Page_WhileHandlersBlock_FiguresMoveChartsDrawAndTakeOversShow()
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--loops", "2", "--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}");
        await using var browser = await Browser.StartAsync();
        var desk = await browser.OpenAsync(sample.Address);
        await desk.GetByRole(AriaRole.Link, new() { Name = "Live figures of the server" }).ClickAsync().WithTimeout(Deadline.Short);
        var phone = await browser.OpenAsync($"{sample.Address}/loops", width: 390, height: 844, scheme: ColorScheme.Dark);

        await Button(desk, "Block handlers").ClickAsync().WithTimeout(Deadline.Short);
        await UntilAsync(desk, "#takeOvers", shown => shown >= 1);
        await UntilAsync(desk, "#requestsNow", shown => shown >= 1);
        Assert.True(await Button(desk, "Start load").IsDisabledAsync().WithTimeout(Deadline.Short));
        await phone.GetByText("A trial with blocking handlers goes on").WaitForAsync().WithTimeout(Deadline.Short); // the other window knows, too

        foreach (var page in new[] { desk, phone })
        {
            await page.Locator("#loops tr").Nth(1).WaitForAsync().WithTimeout(Deadline.Short);
            await DrawnAsync(page, charts: 6);
        }

        Assert.Equal(390, await phone.EvaluateAsync<int>("document.documentElement.scrollWidth").WithTimeout(Deadline.Short));
        Assert.NotEqual(await BackgroundAsync(desk), await BackgroundAsync(phone));
        await KeepScreenshotAsync(desk);
        Assert.Empty(browser.Problems);

        Assert.Equal(0, await sample.StopAsync()); // with the trial and both streams going on
    }

    [Fact]
    public async Task Page_LoadOnSockets_ShowsWhatThereIs()
    {
        await using var sample = await SampleProcess.StartAsync("--transport", "sockets");
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync($"{sample.Address}/loops");

        await Button(page, "Start load").ClickAsync().WithTimeout(Deadline.Short);
        await UntilAsync(page, "#connections", shown => shown >= 17); // sixteen of the load, and the page's own
        await UntilAsync(page, "#requestsNow", shown => shown >= 100);
        await DrawnAsync(page, charts: 2);

        Assert.False(await page.Locator("#loopsPart").IsVisibleAsync().WithTimeout(Deadline.Short));
        Assert.Empty(browser.Problems);
    }

    [Fact]
    public async Task Page_ServerRestarts_ComesBack()
    {
        await using var browser = await Browser.StartAsync();
        IPage page;
        int port;
        await using (var first = await SampleProcess.StartAsync())
        {
            port = first.Port;
            page = await browser.OpenAsync($"{first.Address}/loops");
            await UntilAsync(page, "#connections", shown => shown >= 1);
        }

        await page.GetByText("No figures: the server cannot be reached. Trying again…").WaitForAsync().WithTimeout(Deadline.Short);
        await using var second = await SampleProcess.StartAsync("--urls", $"http://127.0.0.1:{port}");

        await page.Locator("#state:not(.bad)").WaitForAsync().WithTimeout(Deadline.Short);
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name });

    /// <summary>Waits until the number that a place shows is as it should be.</summary>
    private static async Task UntilAsync(IPage page, string place, Func<double, bool> asItShould)
    {
        var shown = "";
        await Deadline.UntilAsync(
            async () =>
            {
                shown = await page.Locator(place).InnerTextAsync().WithTimeout(Deadline.Short);
                return double.TryParse(shown, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) && asItShould(number);
            },
            () => $"{place}, which shows {shown}");
    }

    private static async Task DrawnAsync(IPage page, int charts)
    {
        int[] colored = [];
        await Deadline.UntilAsync(
            async () =>
            {
                colored = await page.EvaluateAsync<int[]>(ColorsOfCharts).WithTimeout(Deadline.Short);
                return colored.Length == charts && colored.All(pixels => pixels > 0);
            },
            () => $"{charts} charts with lines; coloured pixels of each: {string.Join(", ", colored)}");
    }

    private static Task<string> BackgroundAsync(IPage page) => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor").WithTimeout(Deadline.Short);

    /// <summary>The picture of the README, if the environment names its file: <c>SAMPLE_SCREENSHOT=$PWD/docs/loops.png ./test.sh --filter "FullyQualifiedName~DashboardPageTests"</c>.</summary>
    private static async Task KeepScreenshotAsync(IPage page)
    {
        if (Environment.GetEnvironmentVariable("SAMPLE_SCREENSHOT") is not { Length: > 0 } file)
        {
            return;
        }

        await page.GetByText("goes on for 1 s").WaitForAsync().WithTimeout(Deadline.Long); // for charts with something on them
        var loops = await page.Locator("#loopsPart").BoundingBoxAsync().WithTimeout(Deadline.Short);
        var picture = await page.ScreenshotAsync(new() { FullPage = true, Clip = new() { Width = 1280, Height = loops!.Y + loops.Height + 24 } }).WithTimeout(Deadline.Short);
        Assert.InRange(picture.Length, 1, MaxScreenshot);
        await File.WriteAllBytesAsync(file, picture);
    }
}

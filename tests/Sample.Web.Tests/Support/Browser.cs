using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Sample.Web.Tests.Support;

/// <summary>
/// Debian's Chromium without a screen, driven by Playwright. Each window is a browser profile of its own, with its own cookies. What goes wrong in a page,
/// an error in its script or on its console, is kept in <see cref="Problems"/>.
/// </summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly ConcurrentQueue<string> _problems = new();

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public IReadOnlyCollection<string> Problems => _problems;

    public static async Task<Browser> StartAsync()
    {
        Tool.Require("chromium", "chromium");
        var playwright = await Playwright.CreateAsync().WithTimeout(Deadline.Long);
        try
        {
            // Without a sandbox, since tests may run as root; the rest keeps it from looking for its maker's servers.
            var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = Chromium,
                Args =
                [
                    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync",
                ],
            }).WithTimeout(Deadline.Long);
            return new Browser(playwright, browser);
        }
        catch
        {
            playwright.Dispose();
            throw;
        }
    }

    /// <summary>Opens a window at an address. Width and height are those of a laptop unless given; <paramref name="prepare"/> runs before the page is asked for.</summary>
    public async Task<IPage> OpenAsync(string address, int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light, Func<IPage, Task>? prepare = null, WaitUntilState until = WaitUntilState.Load)
    {
        var profile = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
        }).WithTimeout(Deadline.Short);
        profile.SetDefaultTimeout((float)Deadline.Long.TotalMilliseconds);
        var page = await profile.NewPageAsync().WithTimeout(Deadline.Short);
        page.PageError += (_, error) => _problems.Enqueue($"{page.Url}: {error}");
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _problems.Enqueue($"{page.Url}: {message.Text}");
            }
        };
        if (prepare is not null)
        {
            await prepare(page).WithTimeout(Deadline.Short);
        }

        await page.GotoAsync(address, new() { WaitUntil = until }).WithTimeout(Deadline.Long);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync().WithTimeout(Deadline.Short);
        _playwright.Dispose();
    }
}

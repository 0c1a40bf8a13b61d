using Microsoft.Playwright;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Dashboard;

/// <summary>The page <c>/loops</c> without what it needs: it says why within two seconds of the page's own clock, which the tests wind.</summary>
public class DashboardFailureTests(DashboardFailureTests.Served served) : IClassFixture<DashboardFailureTests.Served>
{
    private const string Script = "/loops/loops.js";
    private const string Stream = "/loops/events";

    [Theory]
    [InlineData(Script, "missing", "No figures: the script of this page, /loops/loops.js, could not be loaded.")]
    [InlineData(Script, "silent", "No figures: the script of this page, /loops/loops.js, has not arrived yet.")]
    [InlineData(Stream, "missing", "No figures: the server answers 404: not here. Trying again…")]
    [InlineData(Stream, "cut off", "No figures: the server cannot be reached. Trying again…")]
    [InlineData(Stream, "silent", "No figures: the server does not answer. Trying again…")]
    public async Task Page_WithoutAPart_SaysWhyWithinTwoSeconds(string path, string how, string message)
    {
        var page = await served.Browser.OpenAsync($"{served.Sample.Address}/loops", prepare: page => BreakAsync(page, path, how), until: path == Script ? WaitUntilState.Commit : WaitUntilState.Load);
        await page.Locator("#state").WaitForAsync().WithTimeout(Deadline.Short);
        await page.Clock.RunForAsync(2_000).WithTimeout(Deadline.Short);

        await page.GetByText(message).WaitForAsync().WithTimeout(Deadline.Short);
    }

    [Fact]
    public async Task Page_WithoutTheChartLibrary_ShowsFiguresAllTheSame()
    {
        var page = await served.Browser.OpenAsync($"{served.Sample.Address}/loops", prepare: page => page.RouteAsync("**/loops/uPlot.min.js", route => route.AbortAsync()));

        await page.GetByText("No charts: /loops/uPlot.min.js could not be loaded.").WaitForAsync().WithTimeout(Deadline.Short);
        await page.GetByText("· up ").WaitForAsync().WithTimeout(Deadline.Short);
    }

    private static async Task BreakAsync(IPage page, string path, string how)
    {
        var start = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await page.Clock.InstallAsync(new() { TimeDate = start });
        await page.Clock.PauseAtAsync(start.AddSeconds(1));
        await page.RouteAsync($"**{path}", route => how switch
        {
            "missing" => route.FulfillAsync(new() { Status = 404, Body = "not here\n" }),
            "cut off" => route.AbortAsync(),
            _ => Task.CompletedTask, // no answer at all
        });
    }

    /// <summary>One sample and one browser for all of these tests; each has a window of its own.</summary>
    public sealed class Served : IAsyncLifetime
    {
        internal SampleProcess Sample { get; private set; } = null!;

        internal Browser Browser { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Sample = await SampleProcess.StartAsync();
            Browser = await Browser.StartAsync();
        }

        public async Task DisposeAsync()
        {
            await Browser.DisposeAsync();
            await Sample.DisposeAsync();
        }
    }
}

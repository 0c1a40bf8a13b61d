using System.Globalization;
using System.Text.RegularExpressions;
using Sample.Web.Tests.Support;
using Xunit.Abstractions;

namespace Sample.Web.Tests.Kernel;

public partial class SystemCallTests(ITestOutputHelper output)
{
    private const double MaxCallsPerRequest = 2.2;
    private const int RequestsToCount = 20_000;

    [Theory]
    [InlineData("Auto")]
    [InlineData("Inline")]
    public async Task Loops_UnderLoad_WaitInEpoll(string scheduling)
    {
        Tool.Require("h2load", "nghttp2-client");
        await using var sample = await SampleProcess.StartAsync("--loops", "2", "--scheduling", scheduling);
        await AskAsync(sample);
        var loops = ProcFiles.Threads(sample.Id, "epoll-loop-");
        if (scheduling == "Inline")
        {
            Assert.Equal(["epoll-loop-0", "epoll-loop-1"], loops.Values.Order());
        }
        else
        {
            Assert.Contains("epoll-loop-any", loops.Values);
        }

        using var folder = new ScratchFolder();
        using var strace = await Strace.AttachAsync(sample.Id, folder.File("trace"), "-e", "trace=epoll_wait,epoll_pwait,epoll_pwait2");
        await AskAsync(sample);
        var trace = await strace.DetachAsync();

        var waiting = EpollWait().Matches(trace).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToHashSet();
        Assert.Superset(loops.Keys.ToHashSet(), waiting);
    }

    /// <summary>Of the loop's thread, and for so many requests, not for so long: what the runtime's other threads do, and what a connection costs, would count for more on a slow machine.</summary>
    [Fact]
    public async Task Plaintext_Inline64Connections_NeedsFewSystemCalls()
    {
        Tool.Require("h2load", "nghttp2-client");
        await using var sample = await SampleProcess.StartAsync("--scheduling", "Inline", "--loops", "1");
        await AskAsync(sample);
        var loop = Assert.Single(ProcFiles.Threads(sample.Id, "epoll-loop-")).Key;

        using var folder = new ScratchFolder();
        using var strace = await Strace.AttachToThreadAsync(loop, folder.File("counts"), "-c");
        await AskAsync(sample);
        var counts = await strace.DetachAsync();
        output.WriteLine(counts);

        var calls = long.Parse(TotalCalls().Match(counts).Groups[1].Value, CultureInfo.InvariantCulture);
        output.WriteLine($"{calls} calls for {RequestsToCount} requests: {(double)calls / RequestsToCount:F3} each");
        Assert.InRange((double)calls / RequestsToCount, 2, MaxCallsPerRequest); // a receive and a send at least, or another thread did them
    }

    private static async Task AskAsync(SampleProcess sample)
    {
        var result = await Tool.RunAsync(
            "h2load", ["--h1", "-t1", "-c64", $"-n{RequestsToCount}", sample.Address + "/plaintext"], timeout: 4 * Deadline.Long);
        Assert.Contains($" {RequestsToCount} succeeded", result.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^(\d+)\s.*epoll_p?wait2?\b", RegexOptions.Multiline)]
    private static partial Regex EpollWait();

    // "100.00    1.234567           5    246810       123 total", the errors left out if there are none
    [GeneratedRegex(@"^\s*100\.00\s+\S+\s+\d+\s+(\d+)\s.*total\s*$", RegexOptions.Multiline)]
    private static partial Regex TotalCalls();
}

using System.Globalization;
using System.Text.RegularExpressions;
using Sample.Web.Tests.Support;
using Xunit.Abstractions;

namespace Sample.Web.Tests.Kernel;

public partial class SystemCallTests(ITestOutputHelper output)
{
    private const double MaxCallsPerRequest = 2.2;

    [Fact]
    public async Task Loops_UnderLoad_WaitInEpoll()
    {
        Tool.Require("wrk", "wrk");
        await using var sample = await SampleProcess.StartAsync("--loops", "2");
        await WrkAsync(sample, connections: 64);
        var loops = ProcFiles.Threads(sample.Id, "epoll-loop-");
        Assert.Equal(["epoll-loop-0", "epoll-loop-1"], loops.Values.Order());

        using var folder = new ScratchFolder();
        using var strace = await Strace.AttachAsync(sample.Id, folder.File("trace"), "-e", "trace=epoll_wait,epoll_pwait,epoll_pwait2");
        await WrkAsync(sample, connections: 64);
        var trace = await strace.DetachAsync();

        var waiting = EpollWait().Matches(trace).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToHashSet();
        Assert.Superset(loops.Keys.ToHashSet(), waiting);
    }

    [Fact]
    public async Task Plaintext_Inline64Connections_NeedsFewSystemCalls()
    {
        Tool.Require("wrk", "wrk");
        await using var sample = await SampleProcess.StartAsync("--scheduling", "Inline", "--loops", "1");
        await WrkAsync(sample, connections: 64);

        using var folder = new ScratchFolder();
        using var strace = await Strace.AttachAsync(sample.Id, folder.File("counts"), "-c");
        var requests = await WrkAsync(sample, connections: 64);
        var counts = await strace.DetachAsync();
        output.WriteLine(counts);

        var calls = long.Parse(TotalCalls().Match(counts).Groups[1].Value, CultureInfo.InvariantCulture);
        output.WriteLine($"{calls} calls for {requests} requests: {(double)calls / requests:F3} each");
        Assert.InRange((double)calls / requests, 1, MaxCallsPerRequest);
    }

    private static async Task<long> WrkAsync(SampleProcess sample, int connections)
    {
        var result = await Tool.RunAsync("wrk", ["-t1", $"-c{connections}", "-d2s", sample.Address + "/plaintext"]);
        var requests = Requests().Match(result.Output);
        Assert.True(requests.Success, result.Output + result.Error);
        return long.Parse(requests.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^(\d+)\s.*epoll_p?wait2?\b", RegexOptions.Multiline)]
    private static partial Regex EpollWait();

    // "100.00    1.234567           5    246810       123 total", the errors left out if there are none
    [GeneratedRegex(@"^\s*100\.00\s+\S+\s+\d+\s+(\d+)\s.*total\s*$", RegexOptions.Multiline)]
    private static partial Regex TotalCalls();

    [GeneratedRegex(@"^\s*(\d+) requests in", RegexOptions.Multiline)]
    private static partial Regex Requests();
}

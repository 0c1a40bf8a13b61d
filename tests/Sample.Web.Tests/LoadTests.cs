using System.Text.RegularExpressions;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests;

public partial class LoadTests
{
    public LoadTests()
    {
        Tool.Require("wrk", "wrk");
        Tool.Require("h2load", "nghttp2-client");
    }

    [Theory]
    [InlineData("/plaintext", "--scheduling", "Auto")]
    [InlineData("/plaintext", "--scheduling", "Inline")]
    [InlineData("/json", "--scheduling", "ThreadPool")]
    [InlineData("/download/100000", "--scheduling", "ThreadPool")]
    [InlineData("/plaintext", "--transport", "sockets")]
    public async Task Wrk_KeepAliveConnections_SeeNoError(string path, params string[] arguments)
    {
        await using var sample = await SampleProcess.StartAsync(arguments);

        // Between busy processes, and compiled for the first time, an answer may take longer than a second: that is no error.
        await Deadline.UntilAsync(async () =>
        {
            var result = await Tool.RunAsync("wrk", ["-t1", "-c64", "-d1s", sample.Address + path]);
            Assert.DoesNotContain("Non-2xx", result.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("Socket errors", result.Output, StringComparison.Ordinal);
            return RequestCount().IsMatch(result.Output);
        }, () => "An answer to wrk", Deadline.Long);
    }

    [Theory]
    [InlineData(SampleProcess.AnyPort, "/plaintext", "--scheduling", "Inline")]
    [InlineData(SampleProcess.AnyPort, "/json", "--scheduling", "ThreadPool")]
    [InlineData("https://127.0.0.1:0", "/plaintext", "--scheduling", "ThreadPool")]
    [InlineData(SampleProcess.AnyPort, "/plaintext", "--transport", "sockets")]
    public async Task H2Load_ManyStreams_AllSucceed(string url, string path, params string[] arguments)
    {
        await using var sample = await SampleProcess.StartAsync(["--urls", url, "--Kestrel:EndpointDefaults:Protocols", "Http2", .. arguments]);

        var result = await Tool.RunAsync("h2load", ["-n", "20000", "-c", "16", "-m", "32", sample.Address + path]);

        Assert.Contains("20000 succeeded, 0 failed, 0 errored, 0 timeout", result.Output, StringComparison.Ordinal);
        Assert.Contains("20000 2xx", result.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\s*[1-9]\d* requests in", RegexOptions.Multiline)]
    private static partial Regex RequestCount();
}

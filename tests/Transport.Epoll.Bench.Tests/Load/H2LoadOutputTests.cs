using Transport.Epoll.Bench.Load;

namespace Transport.Epoll.Bench.Tests.Load;

/// <summary>What is read from the output and from the log of h2load. One thread.</summary>
public sealed class H2LoadOutputTests
{
    [Theory]
    [InlineData("2.03s", 2.03)]
    [InlineData("500.00ms", 0.5)]
    [InlineData("250us", 0.00025)]
    public void Parse_Summary_HasSeconds(string time, double seconds) =>
        Assert.Equal(seconds, H2LoadOutput.Parse(Summary(time, "1000 succeeded, 0 failed, 0 errored, 0 timeout", "1000 2xx, 0 3xx, 0 4xx, 0 5xx")).Seconds, 9);

    [Fact]
    public void Parse_FailuresAndWrongStatus_AreAllErrors()
    {
        var result = H2LoadOutput.Parse(Summary("1.00s", "900 succeeded, 1 failed, 2 errored, 4 timeout", "900 2xx, 8 3xx, 16 4xx, 32 5xx"));

        Assert.Equal(900, result.Requests);
        Assert.Equal(63, result.Errors);
    }

    [Fact]
    public void Parse_NoSummary_IsRefused() => Assert.Throws<BenchException>(() => H2LoadOutput.Parse("starting benchmark..."));

    [Fact]
    public void ReadLog_OneLineARequest_HasPercentilesInMilliseconds()
    {
        var latency = H2LoadOutput.ReadLog(Enumerable.Range(1, 1000).Select(i => $"1795678075373020\t200\t{i * 10}"));

        Assert.NotNull(latency);
        Assert.Equal(5, latency.P50, 0.02);
        Assert.Equal(9.9, latency.P99, 0.02);
        Assert.Equal(9.99, latency.P999, 0.02);
    }

    [Fact]
    public void ReadLog_Empty_HasNoLatency() => Assert.Null(H2LoadOutput.ReadLog([]));

    private static string Summary(string time, string requests, string codes) => $"""
        finished in {time}, 116928.50 req/s, 4.46MB/s
        requests: 1000 total, 1000 started, 1000 done, {requests}
        status codes: {codes}
        traffic: 8.92MB (9356904) total, 2.01MB (2106457) headers (space savings 90.42%), 2.90MB (3040141) data
        """;
}

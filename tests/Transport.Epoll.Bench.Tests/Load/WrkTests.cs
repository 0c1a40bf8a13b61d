using Transport.Epoll.Bench.Load;

namespace Transport.Epoll.Bench.Tests.Load;

/// <summary>What is read from the output of wrk. One thread.</summary>
public sealed class WrkTests
{
    private const string Output = """
        Running 3s test @ http://127.0.0.1:5000/plaintext
          1 threads and 64 connections
        RESULT 150000 3000000 2 380 1370 4180

        """;

    [Fact]
    public void Parse_Report_HasMillisecondsAndErrors() =>
        Assert.Equal(new LoadResult(150_000, 3, 2, new Latency(0.38, 1.37, 4.18)), Wrk.Parse(Output, withLatencies: true));

    [Fact]
    public void Parse_WithoutLatencies_LeavesThemOut() => Assert.Null(Wrk.Parse(Output, withLatencies: false).Latency);

    [Fact]
    public void Parse_NoReport_IsRefused() => Assert.Throws<BenchException>(() => Wrk.Parse("unable to connect", withLatencies: true));
}

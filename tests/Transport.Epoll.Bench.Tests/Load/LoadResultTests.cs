using Transport.Epoll.Bench.Load;

namespace Transport.Epoll.Bench.Tests.Load;

/// <summary>That a run with errors, or without requests, is refused. One thread.</summary>
public sealed class LoadResultTests
{
    [Theory]
    [InlineData(1_000_000, 1)]
    [InlineData(0, 0)]
    public void RequireClean_ErrorOrNoRequest_IsRefused(long requests, long errors)
    {
        var refused = Assert.Throws<BenchException>(() => new LoadResult(requests, 1, errors).RequireClean("epoll-auto"));

        Assert.StartsWith("epoll-auto", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireClean_NoError_IsItself()
    {
        var result = new LoadResult(1, 1, 0);

        Assert.Same(result, result.RequireClean("epoll-auto"));
    }
}

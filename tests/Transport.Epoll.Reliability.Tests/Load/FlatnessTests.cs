using Transport.Epoll.Reliability.Load;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Tests.Load;

public sealed class FlatnessTests
{
    [Fact]
    public void Rises_FlatAfterWarmUp_None()
    {
        Assert.Empty(Flatness.Rises(Samples(i => i < 20 ? new ServerFigures(1, i * 10, 1, i, i << 20, i << 20) : new ServerFigures(1, 200 + (i % 3), 1, 20, 50 << 20, 90 << 20))));
    }

    [Theory]
    [InlineData("descriptors", 1, 0, 0, 0)]
    [InlineData("threads", 0, 1, 0, 0)]
    [InlineData("heap bytes", 0, 0, 1, 0)]
    [InlineData("working set", 0, 0, 0, 1)]
    public void Rises_OneLineRises_IsNamed(string line, int descriptors, int threads, int heapMebibytes, int workingSetMebibytes)
    {
        var rises = Flatness.Rises(Samples(i => new ServerFigures(
            1, 200 + (i * descriptors), 1, 20 + (i * threads), (10L + (i * heapMebibytes)) << 20, (90L + (i * workingSetMebibytes)) << 20)));

        Assert.StartsWith(line, Assert.Single(rises), StringComparison.Ordinal);
    }

    private static List<SoakSample> Samples(Func<int, ServerFigures> figures) => [.. Enumerable.Range(0, 100).Select(i => new SoakSample(TimeSpan.FromSeconds(i), figures(i)))];
}

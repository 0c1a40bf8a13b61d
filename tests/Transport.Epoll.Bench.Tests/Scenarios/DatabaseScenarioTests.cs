using Transport.Epoll.Bench.Scenarios;

namespace Transport.Epoll.Bench.Tests.Scenarios;

public sealed class DatabaseScenarioTests
{
    [Theory]
    [InlineData("/db", "/db?seed=1")]
    [InlineData("/ef/db", "/ef/db?seed=1")]
    [InlineData("/queries?queries=20", "/queries?queries=20&seed=1")]
    [InlineData("/ef/updates?queries=20", "/ef/updates?queries=20&seed=1")]
    [InlineData("/fortunes", "/fortunes")]
    [InlineData("/plaintext", "/plaintext")]
    public void Comparable_RouteThatDrawsRows_HasASeed(string path, string expected) => Assert.Equal(expected, DatabaseScenario.Comparable(path));

    [Fact]
    public void All_FourRoutesTwoWaysOnTwoDatabases_HaveNamesOfTheirOwn()
    {
        Assert.Equal(16, DatabaseScenario.All.Select(s => s.Name).Distinct().Count());
        Assert.Contains("sqlite-db", DatabaseScenario.All.Select(s => s.Name));
        Assert.Contains("mariadb-ef-updates", DatabaseScenario.All.Select(s => s.Name));
    }
}

using System.Collections.Concurrent;
using Transport.Epoll.Connections;

namespace Transport.Epoll.Tests.Connections;

public class ConnectionIdsTests
{
    [Fact]
    public void Next_Always_Has13CharactersOfFiveBits() => Assert.Matches("^[0-9A-V]{13}$", ConnectionIds.Next());

    [Fact]
    public void Next_OnOneThread_Rises()
    {
        string[] ids = [.. Enumerable.Range(0, 2000).Select(_ => ConnectionIds.Next())];

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    public async Task Next_FromEightThreads_IsUnique()
    {
        ConcurrentBag<string> ids = [];

        await AbortTests.TogetherAsync(8, _ =>
        {
            for (int i = 0; i < 5000; i++)
            {
                ids.Add(ConnectionIds.Next());
            }
        });

        Assert.Equal(40_000, ids.Distinct().Count());
    }

    [Fact]
    public async Task ConnectionId_Asked_IsKeptAndCanBeReplaced()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();

        string id = harness.Connection.ConnectionId;
        Assert.Equal(id, harness.Connection.ConnectionId);
        harness.Connection.ConnectionId = "mine";

        Assert.Equal("mine", harness.Connection.ConnectionId);
    }
}

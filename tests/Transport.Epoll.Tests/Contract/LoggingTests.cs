using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>Log ids and names are API: people filter by them.</summary>
public sealed class LoggingTests
{
    private static readonly Dictionary<int, string> Names = new()
    {
        [4] = "ConnectionPause",
        [5] = "ConnectionResume",
        [6] = "ConnectionReadFin",
        [7] = "ConnectionWriteFin",
        [8] = "ConnectionWriteRst",
        [14] = "ConnectionError",
        [19] = "ConnectionReset",
    };

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "28")]
    public async Task Logs_OfEveryWayToEnd_HaveTheKnownIdsNamesAndLevel(TransportKind kind)
    {
        var records = await EndInEveryWayAsync(kind);

        var known = records.Where(record => Names.ContainsKey(record.Id.Id)).ToArray();
        Assert.Equal([4, 5, 6, 7, 8, 19], known.Select(record => record.Id.Id).Distinct().Order());
        Assert.All(known, record => Assert.Equal(Names[record.Id.Id], record.Id.Name));
        Assert.All(known, record => Assert.Equal(LogLevel.Debug, record.Level));
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "28")]
    public async Task Logs_OfAReset_NameTheConnection(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        await using (server)
        {
            client.Reset();
            await listener.Logs.WaitForAsync(kind, id: 19);
            Assert.Contains(server.ConnectionId, Assert.Single(listener.Logs.Of(kind, 19)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "30")]
    public async Task Logs_OfEveryWayToEnd_AreNotWrittenByALoopThread(TransportKind kind)
    {
        var records = await EndInEveryWayAsync(kind);

        Assert.NotEmpty(records);
        Assert.DoesNotContain(records, record => record.ThreadName?.StartsWith("epoll-", StringComparison.Ordinal) == true);
    }

    private static async Task<IReadOnlyCollection<LogRecord>> EndInEveryWayAsync(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { MaxReadBufferSize = 8192 });

        var (fin, finServer) = await listener.ConnectAsync();
        var sending = fin.SendAsync(new byte[200_000]);
        await listener.Logs.WaitForAsync(kind, id: 4);
        var reading = finServer.ReadToEndAsync();
        await sending;
        fin.Fin();
        Assert.Equal(200_000, await reading);
        await finServer.DisposeAsync().WithTimeout();
        fin.Dispose();

        var (reset, resetServer) = await listener.ConnectAsync();
        reset.Reset();
        await resetServer.ReadToFailureAsync();
        await resetServer.DisposeAsync().WithTimeout();

        var (aborted, abortedServer) = await listener.ConnectAsync();
        abortedServer.Abort(new ConnectionAbortedException("aborted"));
        await abortedServer.DisposeAsync().WithTimeout();
        aborted.Dispose();

        foreach (var id in new[] { 5, 6, 7, 8, 19 })
        {
            await listener.Logs.WaitForAsync(kind, id);
        }

        return [.. listener.Logs.Records.Where(record => record.Category == kind.Category())];
    }
}

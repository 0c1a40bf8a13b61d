using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto;

/// <summary>Garbage collections that stop all threads in the middle of a callback are no fault of the callback. Alone, since everybody else stops too.</summary>
[Collection(RunsAlone.Name)]
public sealed class CollectionTests
{
    /// <summary>What a collection has to mark: so much that it takes longer than a loop is left to a callback.</summary>
    private const int Objects = 3_000_000;

    private const int Collections = 8;

    private const int TakenOver = 35;

    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(40);

    [Fact]
    public async Task Callback_HeldUpByCollections_IsNotTakenOver()
    {
        var heap = new List<object>(Objects);
        for (var i = 0; i < Objects; i++)
        {
            heap.Add(new object[2]);
        }

        long onLoop = 0;
        long longest = 0;
        await using var host = await TestHost.StartAsync(TransportKind.EpollAuto, app => app.Run(context =>
        {
            if (context.Request.Path == "/collect" && Thread.CurrentThread.Name?.StartsWith("epoll-loop-", StringComparison.Ordinal) == true)
            {
                var pausedBefore = GC.GetTotalPauseDuration();
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
                longest = Math.Max(longest, (GC.GetTotalPauseDuration() - pausedBefore).Ticks);
                onLoop++;
            }

            return context.Response.WriteAsync("<>");
        }), configureServices: services => services.Configure<EpollTransportOptions>(options => options.Auto.SlowCallback = TimeSpan.FromMinutes(1)), tuning: new TransportTuning { LoopCount = 1 });
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await AskAsync(client, "/collect", 1); // loads what the others need
        await AskAsync(client, "/", 100);
        var before = TakeOvers(host).Count();

        for (var i = 0; i < Collections; i++)
        {
            // One in the background, left by whatever ran before, would have the callback wait for its end, with all threads running: that is no pause.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
            await AskAsync(client, "/collect", 1);
        }

        Assert.True(onLoop > 0, "No request ran on the loop.");
        Assert.True(longest > Long.Ticks, $"The longest collection took {TimeSpan.FromTicks(longest).TotalMilliseconds} ms only.");
        Assert.Empty(TakeOvers(host).Skip(before));
        GC.KeepAlive(heap);
    }

    private static IEnumerable<LogRecord> TakeOvers(TestHost host) => host.Logs.Records.Where(record => record.Category == TransportKind.EpollAuto.Category() && record.Id.Id == TakenOver);

    private static async Task AskAsync(RawClient client, string path, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            await client.ReadUntilAsync("<>");
        }
    }
}

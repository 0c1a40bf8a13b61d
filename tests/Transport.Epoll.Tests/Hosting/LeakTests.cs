using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>Hosts come and go and leave nothing. Alone, since it counts what the whole process holds.</summary>
[Collection(RunsAlone.Name)]
public sealed class LeakTests
{
    private const int Hosts = 500;
    private const int WarmUp = 20;
    private static readonly TransportKind[] Kinds = [TransportKind.EpollAuto, TransportKind.EpollInline, TransportKind.EpollThreadPool];

    [Fact]
    public async Task Hosts_FiveHundredUsedAndDisposed_LeakNoThreadAndNoDescriptor()
    {
        await Waiting.UntilAsync(() => !ProcessState.EpollThreads.Any());
        for (var i = 0; i < WarmUp; i++)
        {
            await UseOneAsync(Kinds[i % Kinds.Length]);
        }

        await Waiting.UntilAsync(() => !ProcessState.EpollThreads.Any());
        Collect();
        var before = ProcessState.OpenDescriptors;
        for (var i = 0; i < Hosts; i++)
        {
            await UseOneAsync(Kinds[i % Kinds.Length]);
        }

        await Waiting.UntilAsync(() => !ProcessState.EpollThreads.Any());
        Collect();
        var after = ProcessState.OpenDescriptors;
        Assert.True(after.Values.Sum() <= before.Values.Sum(), $"Before: {Text(before)}; after: {Text(after)}");
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Threads_OfAHost_AreTheLoopsOrTheirCarriersWithShortNames(TransportKind kind)
    {
        await Waiting.UntilAsync(() => !ProcessState.EpollThreads.Any());
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.MapGet("/", () => "served"),
            tuning: new TransportTuning { LoopCount = 3 });
        using var client = host.CreateClient();
        await client.GetStringAsync(host.Address).WithTimeout();

        var loops = ProcessState.EpollThreads.Where(name => name.StartsWith("epoll-loop-", StringComparison.Ordinal)).Order();
        if (kind == TransportKind.EpollAuto)
        {
            Assert.All(loops, name => Assert.Equal("epoll-loop-any", name));
            Assert.InRange(loops.Count(), 1, 3);
        }
        else
        {
            Assert.Equal(["epoll-loop-0", "epoll-loop-1", "epoll-loop-2"], loops);
        }

        Assert.All(ProcessState.EpollThreads, name => Assert.InRange(name.Length, 1, 15));
    }

    private static async Task UseOneAsync(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(kind, app => app.Run(context => context.Response.WriteAsync("served")));
        using (var client = await RawClient.ConnectAsync(host.EndPoint))
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            Assert.NotEmpty(await client.ReadToEndAsync());
        }

        await host.App.StopAsync().WithTimeout();
    }

    private static string Text(SortedDictionary<string, int> counts) => string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}"));

    private static void Collect()
    {
        // Twice: what the first round's finalizers let go of is found by the second.
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}

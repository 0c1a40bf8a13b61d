using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto;

/// <summary>A host with one loop, whose connections leave the loop only when it is taken over from them, and are soon back.</summary>
internal static class BlockingHost
{
    private const int TakenOver = 35;

    /// <summary>A connection may be served off the loop, as at its start, and blocks nobody then: so often it is tried again.</summary>
    private const int MaxRounds = 20;

    public static Task<TestHost> StartAsync(
        Action<WebApplication> configureApp,
        Action<KestrelServerOptions>? configureKestrel = null,
        Action<IServiceCollection>? configureServices = null,
        TransportKind kind = TransportKind.EpollAuto) =>
        TestHost.StartAsync(kind, configureApp, configureKestrel, services =>
        {
            services.Configure<EpollTransportOptions>(options =>
            {
                options.Auto.SlowCallback = TimeSpan.FromMinutes(1);
                options.Auto.QuickCallbacks = 1;
            });
            configureServices?.Invoke(services);
        }, new TransportTuning { LoopCount = 1 });

    /// <summary>Waits until the loop was taken over, and that was logged.</summary>
    public static Task WaitForTakeOverAsync(this TestHost host) => host.Logs.WaitForAsync(TransportKind.EpollAuto, TakenOver);

    /// <summary>Repeats what blocks until it has blocked the loop; each round must finish.</summary>
    public static async Task UntilTakenOverAsync(this TestHost host, Func<Task> round)
    {
        for (var i = 0; i < MaxRounds && !host.Logs.Has(TransportKind.EpollAuto, TakenOver); i++)
        {
            await round();
        }

        Assert.True(host.Logs.Has(TransportKind.EpollAuto, TakenOver), "No round was taken over from.");
    }
}

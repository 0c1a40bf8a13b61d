using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Sample.Web.Figures;
using Sample.Web.Routes;
using Transport.Epoll.Diagnostics;

namespace Sample.Web.Dashboard;

/// <summary>What the page gets twice a second. Counts are totals: the page draws their differences, so that each window keeps its own time.</summary>
/// <param name="Process">The process.</param>
/// <param name="Requests">Requests that were completed.</param>
/// <param name="Transport">The transport's own view, without the connections; null unless the transport is epoll.</param>
/// <param name="Trial">The trial that runs, or the latest one.</param>
internal sealed record DashboardFigures(ProcessFigures Process, long Requests, EpollSnapshot? Transport, TrialState? Trial);

/// <summary>The stream of figures behind the page.</summary>
internal sealed class DashboardEvents(FigureReader figures, RequestCounter requests, TrialRunner trials, IHostApplicationLifetime lifetime, IServiceProvider services)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private static readonly EpollCaptureOptions s_withoutConnections = new() { MaxConnections = 0 };

    /// <summary>How long a browser waits until it comes again after the stream broke off.</summary>
    private static readonly TimeSpan s_reconnect = TimeSpan.FromSeconds(1);

    /// <summary>Ends when the client goes or the app stops: the stream must not hold up the shutdown.</summary>
    public async IAsyncEnumerable<SseItem<DashboardFigures>> ReadAsync([EnumeratorCancellation] CancellationToken aborted = default)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping, aborted);
        using var watch = requests.Watch();
        using var timer = new PeriodicTimer(s_interval);
        do
        {
            yield return new SseItem<DashboardFigures>(await ReadOnceAsync(), "figures") { ReconnectionInterval = s_reconnect };
        }
        while (await FigureRoutes.TickAsync(timer, ended.Token));
    }

    private async Task<DashboardFigures> ReadOnceAsync()
    {
        var process = await figures.ReadAsync();
        var transport = process.Loops is null ? null : services.GetRequiredService<EpollDiagnostics>().Capture(s_withoutConnections);
        return new DashboardFigures(process, requests.Completed, transport, trials.State);
    }
}

using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Restarts;

/// <summary>
/// A sample whose listening socket belongs to its parent, restarted under clients that open a connection for each request and without any
/// proxy. In turn the successor starts after the predecessor's end, when clients wait in the queue, and before it stops, when both accept.
/// </summary>
internal sealed class HandedOverRestartTrial : ITrial
{
    private const int Connections = 48;

    public string Name => "handed-over-restart";

    public string Summary => "a sample on a socket handed over by LISTEN_FDS, restarted under wrk with a connection for each request";

    public int DefaultTimes => 20;

    public IEnumerable<string> Tools => ["wrk"];

    public async Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation)
    {
        var times = context.Times ?? DefaultTimes;
        var faults = new List<string>();
        using var socket = new HeldSocket();
        var server = await socket.StartSampleAsync(context, cancellation);
        try
        {
            await using var wrk = WrkRun.Start(socket.Address, Connections, "-H", "Connection: close");
            for (var i = 0; i < times; i++)
            {
                var old = server;
                if (i % 2 == 1)
                {
                    server = await socket.StartSampleAsync(context, cancellation);
                }

                await using (old)
                {
                    await old.StopAsync(cancellation);
                    faults.AddRange(old.Complaints());
                }

                if (i % 2 == 0)
                {
                    server = await socket.StartSampleAsync(context, cancellation);
                }

                if (await Probe.AskAsync(socket.EndPoint, () => server.State, cancellation) is { } fault)
                {
                    faults.Add(fault);
                    break; // the next ones would wait as long
                }
            }

            var report = await wrk.FinishAsync(() => server.State, cancellation);
            return new TrialResult($"{times} restarts, {report.Requests} requests", [.. report.Losses(), .. faults.Distinct()]);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}

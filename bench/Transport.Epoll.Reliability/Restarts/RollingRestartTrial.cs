using System.Net.Sockets;
using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Restarts;

/// <summary>
/// Two samples on unix sockets behind nginx, restarted in turn under wrk. Every second restart puts the successor's socket file in the
/// predecessor's place before that one stops: it must leave a file alone that is no longer its own.
/// </summary>
internal sealed class RollingRestartTrial : ITrial
{
    private const int Connections = 32;

    public string Name => "rolling-restart";

    public string Summary => "two samples on unix sockets behind nginx, each restarted in turn under wrk";

    public int DefaultTimes => 20;

    public IEnumerable<string> Tools => ["nginx", "wrk"];

    public async Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation)
    {
        var times = context.Times ?? DefaultTimes;
        var folder = Directory.CreateDirectory(Path.Combine(context.Folder, $"{Name}-{context.Transport}")).FullName;
        string[] paths = [Path.Combine(folder, "a.sock"), Path.Combine(folder, "b.sock")];
        SampleServer?[] servers = [null, null];
        var faults = new List<string>();
        try
        {
            for (var i = 0; i < paths.Length; i++)
            {
                servers[i] = await StartAsync(context, paths[i], cancellation);
            }

            await using var proxy = await RestartProxy.StartAsync(folder, paths, retry: !context.NoRetry, cancellation);
            await using var wrk = WrkRun.Start(proxy.Address, Connections);
            for (var i = 0; i < times * paths.Length; i++)
            {
                var turn = i % paths.Length;
                servers[turn] = i / paths.Length % 2 == 0
                    ? await StopThenStartAsync(context, servers[turn]!, paths[turn], faults, cancellation)
                    : await ReplaceAsync(context, servers[turn]!, paths[turn], faults, cancellation);
                if (await Probe.AskAsync(new UnixDomainSocketEndPoint(paths[turn]), () => servers[turn]!.State, cancellation) is { } fault)
                {
                    faults.Add(fault);
                }
            }

            var report = await wrk.FinishAsync(() => string.Join(" ", servers.OfType<SampleServer>().Select(s => s.State)), cancellation);
            return new TrialResult(
                $"{times} restarts of each{(context.NoRetry ? ", proxy_next_upstream off" : "")}, {report.Requests} requests", [.. report.Losses(), .. faults.Distinct()]);
        }
        finally
        {
            foreach (var server in servers.OfType<SampleServer>())
            {
                await server.DisposeAsync();
            }
        }
    }

    private static async Task<SampleServer> StopThenStartAsync(TrialContext context, SampleServer old, string path, List<string> faults, CancellationToken cancellation)
    {
        await StopAsync(old, faults, cancellation);
        if (!context.IsEpoll)
        {
            File.Delete(path); // Sockets does not start over what a killed or renamed predecessor left; this transport does
        }

        return await StartAsync(context, path, cancellation);
    }

    private static async Task<SampleServer> ReplaceAsync(TrialContext context, SampleServer old, string path, List<string> faults, CancellationToken cancellation)
    {
        var successor = await StartAsync(context, path + ".new", cancellation);
        File.Move(path + ".new", path, overwrite: true);
        await StopAsync(old, faults, cancellation);
        if (!File.Exists(path))
        {
            faults.Add("a stopping server removed its successor's socket file");
        }

        return successor;
    }

    private static Task<SampleServer> StartAsync(TrialContext context, string path, CancellationToken cancellation) =>
        SampleServer.StartAsync(context, cancellation, "--urls", $"http://unix:{path}");

    private static async Task StopAsync(SampleServer server, List<string> faults, CancellationToken cancellation)
    {
        await server.StopAsync(cancellation);
        faults.AddRange(server.Complaints());
        await server.DisposeAsync();
    }
}

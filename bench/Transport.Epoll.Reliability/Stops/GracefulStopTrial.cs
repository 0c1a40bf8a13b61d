using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Stops;

/// <summary>SIGTERM while clients open a connection for each request: whoever was let in must be answered, and before it all are let in.</summary>
internal sealed class GracefulStopTrial : ITrial
{
    private const int Clients = 48;
    private const int RequestsBeforeStop = 1000;

    public string Name => "graceful-stop";

    public string Summary => $"SIGTERM under {Clients} clients that open a connection for each request";

    public int DefaultTimes => 50;

    public IEnumerable<string> Tools => [];

    public bool AllowsUnix => true;

    public async Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation)
    {
        var times = context.Times ?? DefaultTimes;
        var tally = new Tally();
        var complaints = new List<string>();
        var longest = TimeSpan.Zero;
        for (var i = 0; i < times; i++)
        {
            await using var server = await SampleServer.StartAsync(context, cancellation);
            using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var before = tally.Served;
            var stopping = false;
            var clients = new ChurnClients(server.EndPoint, tally, () => server.State, mayRefuse: () => Volatile.Read(ref stopping)).RunAsync(Clients, gone.Token);
            await Waiting.UntilAsync(() => tally.Served - before >= RequestsBeforeStop, "The requests before the stop", () => $"{server.State} {string.Join(", ", tally.Losses)}", cancellation);
            Volatile.Write(ref stopping, true);
            var took = await server.StopAsync(cancellation);
            longest = took > longest ? took : longest;
            complaints.AddRange(server.Complaints());

            // Who still waits for the answer to a SYN was never let in.
            await gone.CancelAsync();
            await clients;
        }

        return new TrialResult(
            $"{times} stops, {tally.Served} requests", [.. tally.Losses, .. complaints], FormattableString.Invariant($"longest stop {longest.TotalMilliseconds:F0} ms"));
    }
}

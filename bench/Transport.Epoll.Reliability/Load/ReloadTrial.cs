using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Load;

/// <summary>
/// Edits the configuration of a running server so that Kestrel adds and removes an endpoint, while clients open a connection for each request
/// on that one and on one that stays.
/// </summary>
internal sealed class ReloadTrial : ITrial
{
    private const int Clients = 16;
    private const int RequestsBeforeRemoval = 300;

    public string Name => "reload";

    public string Summary => "configuration reloads that add and remove an endpoint under load";

    public int DefaultTimes => 50;

    public IEnumerable<string> Tools => [];

    public async Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation)
    {
        var times = context.Times ?? DefaultTimes;
        var folder = Directory.CreateDirectory(Path.Combine(context.Folder, $"{Name}-{context.Transport}")).FullName;
        var staying = new IPEndPoint(IPAddress.Loopback, FreePort.Find());
        var coming = new IPEndPoint(IPAddress.Loopback, FreePort.Find());
        await ConfigureAsync(folder, [staying], cancellation);
        await using var server = await SampleServer.StartAsync("dotnet", [context.Sample, .. context.TransportArguments, "--contentRoot", folder], cancellation);
        var (stayed, came) = (new Tally(), new Tally());
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var always = new ChurnClients(staying, stayed, () => server.State, mayRefuse: () => false).RunAsync(Clients, end.Token);
        for (var i = 0; i < times; i++)
        {
            await ConfigureAsync(folder, [staying, coming], cancellation);
            await Waiting.UntilAsync(() => Listens(coming), "The new endpoint", () => server.State, cancellation);
            var before = came.Served;
            var guests = new ChurnClients(coming, came, () => server.State).RunAsync(Clients, end.Token);
            await Waiting.UntilAsync(() => came.Served - before >= RequestsBeforeRemoval || guests.IsCompleted, "Requests on the new endpoint", () => server.State, cancellation);

            // They end when they are refused.
            await ConfigureAsync(folder, [staying], cancellation);
            await Waiting.UntilAsync(() => guests.IsCompleted, "The end of the removed endpoint", () => server.State, cancellation);
        }

        await end.CancelAsync();
        await always;
        return new TrialResult(
            $"{times} additions and removals, {stayed.Served + came.Served} requests",
            [.. stayed.Losses.Select(l => $"on the endpoint that stayed: {l}"), .. came.Losses.Select(l => $"on the one that came and went: {l}"), .. server.Complaints()]);
    }

    /// <summary>Put in place as a whole: a reload must not read half a file.</summary>
    private static async Task ConfigureAsync(string folder, IEnumerable<IPEndPoint> endPoints, CancellationToken cancellation)
    {
        var settings = new { Kestrel = new { Endpoints = endPoints.ToDictionary(e => $"On{e.Port}", e => new { Url = $"http://{e}" }) } };
        var file = Path.Combine(folder, "appsettings.json");
        await File.WriteAllTextAsync(file + ".new", JsonSerializer.Serialize(settings), cancellation);
        File.Move(file + ".new", file, overwrite: true);
    }

    private static bool Listens(IPEndPoint endPoint)
    {
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

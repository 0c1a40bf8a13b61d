using System.Net.Sockets;
using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Stops;

/// <summary>
/// SIGTERM while answers are under way: those that can be finished within the shutdown time-out are; the rest see a reset, since an ordinary end
/// would make a cut body look whole to whoever has no length to compare with. A unix socket knows no reset (unix(7)): there the length must tell.
/// </summary>
internal sealed class StopInFlightTrial : ITrial
{
    private const int ShutdownSeconds = 3;
    private const int Slow = 32;
    private const int Readers = 8;
    private const int Stalled = 16;
    private const int SlowMilliseconds = 1500;

    /// <summary>More than all buffers, and read within the time-out on a busy machine too.</summary>
    private const int ReadLength = 16 * 1024 * 1024;
    private const long StalledLength = 1L << 30;
    private const int FirstBytes = 4096;

    public string Name => "stop-in-flight";

    public string Summary => $"SIGTERM with {Slow} answers pending, {Readers} downloads that are read and {Stalled} that are not; shutdown time-out {ShutdownSeconds} s";

    public int DefaultTimes => 50;

    public IEnumerable<string> Tools => [];

    public bool AllowsUnix => true;

    public async Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation)
    {
        var times = context.Times ?? DefaultTimes;
        var tally = new Tally();
        var (reset, ended) = (0, 0);
        for (var i = 0; i < times; i++)
        {
            var ends = await OneAsync(context, tally, cancellation);
            reset += ends.Count(e => e == PeerEnd.Reset);
            ended += ends.Count(e => e == PeerEnd.Closed);
        }

        return new TrialResult($"{times} stops, {times * (Slow + Readers)} answers to finish, {times * Stalled} to cut", tally.Losses,
            $"{tally.Served} finished, {reset} reset{(context.Unix ? $", {ended} ended short of their length" : "")}");
    }

    private static async Task<PeerEnd[]> OneAsync(TrialContext context, Tally tally, CancellationToken cancellation)
    {
        await using var server = await SampleServer.StartWithAsync([$"DOTNET_shutdownTimeoutSeconds={ShutdownSeconds}"], context, cancellation);
        return await Waiting.WithinLimitAsync(stop => StopAsync(server, context.Unix, tally, stop), "A stop and the answers that were under way", () => server.State, cancellation);
    }

    private static async Task<PeerEnd[]> StopAsync(SampleServer server, bool isUnix, Tally tally, CancellationToken cancellation)
    {
        // Begun means: the first bytes of a download are here; for the slow ones, that the server counts their connections.
        var stalled = await Task.WhenAll(Enumerable.Range(0, Stalled).Select(_ => BeginAsync(server, StalledLength, cancellation)));
        var readers = await Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => BeginAsync(server, ReadLength, cancellation)));
        var slow = Enumerable.Range(0, Slow).Select(_ => SlowAsync(server, tally, cancellation)).ToList();
        while ((await server.ReadFiguresAsync(collect: false, cancellation)).Connections < Stalled + Readers + Slow + 1)
        {
            cancellation.ThrowIfCancellationRequested();
        }

        var stopping = server.StopAsync(cancellation);
        await Task.WhenAll([.. slow, .. readers.Select(r => FinishAsync(r, tally, cancellation))]);
        await stopping;
        var ends = await Task.WhenAll(stalled.Select(s => CutAsync(s, isUnix, tally, cancellation)));
        foreach (var complaint in server.Complaints())
        {
            tally.Lose(complaint);
        }

        return ends;
    }

    private static async Task<RawClient> BeginAsync(SampleServer server, long length, CancellationToken cancellation)
    {
        var client = await RawClient.ConnectAsync(server.EndPoint, cancellation, receiveBuffer: 64 * 1024);
        await client.SendAsync($"GET /download/{length} HTTP/1.1\r\nHost: x\r\n\r\n", cancellation);
        return await client.SkipAsync(FirstBytes, cancellation) ? client : throw new WaitException($"A download ended before it began. {server.State}");
    }

    private static async Task SlowAsync(SampleServer server, Tally tally, CancellationToken cancellation)
    {
        try
        {
            using var client = await RawClient.ConnectAsync(server.EndPoint, cancellation);
            await client.SendAsync($"GET /delay/{SlowMilliseconds} HTTP/1.1\r\nHost: x\r\n\r\n", cancellation);
            var response = await client.ReadResponseAsync(cancellation);
            Count(tally, response.Status == 200, $"a pending answer: {response.Status}");
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            tally.Lose($"a pending answer: {e.Message}");
        }
    }

    private static async Task FinishAsync(RawClient client, Tally tally, CancellationToken cancellation)
    {
        using (client)
        {
            try
            {
                // The head is more than nothing: the body has its whole length after it.
                Count(tally, await client.SkipAsync(ReadLength - FirstBytes, cancellation) && (await client.ReadToEndAsync(cancellation)).End == PeerEnd.Closed, "a download that was being read was cut");
            }
            catch (SocketException e)
            {
                tally.Lose($"a download that was being read: {e.Message}");
            }
        }
    }

    private static async Task<PeerEnd> CutAsync(RawClient client, bool isUnix, Tally tally, CancellationToken cancellation)
    {
        using (client)
        {
            var (end, received) = await client.ReadToEndAsync(cancellation);
            if (received >= StalledLength - FirstBytes)
            {
                tally.Lose("a download that nobody read came whole");
            }
            else if (end != PeerEnd.Reset && !isUnix)
            {
                tally.Lose("a cut body ended like a whole one");
            }

            return end;
        }
    }

    private static void Count(Tally tally, bool served, string otherwise)
    {
        if (served)
        {
            tally.Serve();
        }
        else
        {
            tally.Lose(otherwise);
        }
    }
}

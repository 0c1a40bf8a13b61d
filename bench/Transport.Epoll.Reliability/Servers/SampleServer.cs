using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Reliability.Servers;

/// <summary>The sample in a process of its own. One caller at a time, but for <see cref="HasExited"/> and the figures.</summary>
internal sealed class SampleServer : IAsyncDisposable
{
    /// <summary>Kestrel's log of a handler that failed, as handlers do when a body does not come as announced.</summary>
    private const string HandlerFailed = "fail: Microsoft.AspNetCore.Server.Kestrel[13]";

    private const string AddressPrefix = "Now listening on: ";
    private const string UnixPrefix = "http://unix:";

    private static readonly ConcurrentDictionary<SampleServer, byte> s_running = new();

    private readonly ChildProcess _process;

    private SampleServer(ChildProcess process)
    {
        _process = process;
        s_running.TryAdd(this, 0);
    }

    /// <summary>What all that are not disposed do at this moment, for messages. Any thread.</summary>
    public static string States => string.Join(Environment.NewLine, s_running.Keys.Select(server => server.State));

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => _process.Output;

    /// <summary>Where clients connect to: the first address.</summary>
    public EndPoint EndPoint => field ??= EndPoints[0];

    public IReadOnlyList<EndPoint> EndPoints =>
        [.. Output.Split('\n').Where(l => l.StartsWith(AddressPrefix, StringComparison.Ordinal)).Select(l => Parse(l[AddressPrefix.Length..].Trim()))];

    /// <summary>What it does at this moment, for messages.</summary>
    public string State => HasExited ? $"The server has ended with {_process.ExitCode}: {Output}" : $"{ThreadStates.Describe(Id)} {Output}";

    /// <summary>Starts the sample on the context's transport, where the context says unless the arguments do, and waits until it listens.</summary>
    public static Task<SampleServer> StartAsync(TrialContext context, CancellationToken cancellation, params string[] arguments) =>
        StartAsync("dotnet", [context.Sample, .. context.TransportArguments, .. arguments.Contains("--urls") ? Array.Empty<string>() : ["--urls", context.NewAddress()], .. arguments], cancellation);

    /// <summary>The same with variables in its environment, by way of env(1).</summary>
    public static Task<SampleServer> StartWithAsync(IEnumerable<string> environment, TrialContext context, CancellationToken cancellation, params string[] arguments) =>
        StartAsync("env", [.. environment, "dotnet", context.Sample, .. context.TransportArguments, "--urls", context.NewAddress(), .. arguments], cancellation);

    /// <summary>Starts a command that becomes the sample.</summary>
    public static async Task<SampleServer> StartAsync(string command, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var server = new SampleServer(ChildProcess.Start("sample", pinned: false, command, arguments));
        try
        {
            await Waiting.UntilAsync(() => server.HasExited || server.Output.Contains("Application started.", StringComparison.Ordinal), "The start of the sample", () => server.State, cancellation);
            if (server.HasExited)
            {
                throw new WaitException($"The sample did not start. {server.State}");
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGTERM, then waits for the end.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> StopAsync(CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        Signals.Send(Id, Signals.Terminate);
        await Waiting.UntilAsync(() => HasExited, "The end of the sample after SIGTERM", () => State, cancellation, TimeSpan.FromSeconds(60));
        return clock.Elapsed;
    }

    /// <summary>Everything in its output and its exit code that a healthy server does not leave behind.</summary>
    public IEnumerable<string> Complaints()
    {
        string[] bad = ["crit:", "fail:", "Unhandled exception"];
        foreach (var line in Output.Split('\n').Where(l => bad.Any(b => l.StartsWith(b, StringComparison.Ordinal)) && !l.StartsWith(HandlerFailed, StringComparison.Ordinal)).Distinct())
        {
            yield return $"the server wrote: {line.Trim()}";
        }

        if (HasExited && _process.ExitCode != 0)
        {
            yield return $"the server ended with {_process.ExitCode}";
        }
    }

    /// <summary>Asks for <c>/info</c> on a connection of its own, which is in the count of connections.</summary>
    public Task<ServerFigures> ReadFiguresAsync(bool collect, CancellationToken cancellation) =>
        Waiting.WithinLimitAsync(stop => AskForFiguresAsync(collect, stop), "The server's figures", () => State, cancellation);

    /// <summary>Waits until the connection that asks is the only one, and no socket more than <paramref name="sockets"/> is open.</summary>
    public async Task<ServerFigures> SettleAsync(int sockets, CancellationToken cancellation)
    {
        var figures = await ReadFiguresAsync(collect: false, cancellation);
        for (var clock = Stopwatch.StartNew(); figures.Connections > 1 || figures.Sockets > sockets; figures = await ReadFiguresAsync(collect: false, cancellation))
        {
            if (clock.Elapsed > Waiting.Limit)
            {
                throw new WaitException($"{figures.Connections - 1} connections and {figures.Sockets - sockets} sockets are left after {Waiting.Limit.TotalSeconds} s. {State}");
            }

            await Task.Delay(50, cancellation);
        }

        return figures;
    }

    public ValueTask DisposeAsync()
    {
        s_running.TryRemove(this, out _);
        return _process.DisposeAsync();
    }

    private async Task<ServerFigures> AskForFiguresAsync(bool collect, CancellationToken cancellation)
    {
        using var client = await Clients.RawClient.ConnectAsync(EndPoint, cancellation);
        await client.SendAsync($"GET /info?collect={(collect ? 1 : 0)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", cancellation);
        var info = JsonDocument.Parse((await client.ReadResponseAsync(cancellation)).Body).RootElement;
        var kinds = ProcFiles.Descriptors(Id);
        return new ServerFigures(
            info.GetProperty("connections").GetInt32(),
            kinds.Values.Sum(),
            kinds.GetValueOrDefault("socket"),
            info.GetProperty("threadCount").GetInt32(),
            info.GetProperty("heapBytes").GetInt64(),
            info.GetProperty("workingSet").GetInt64());
    }

    private static EndPoint Parse(string address) =>
        address.StartsWith(UnixPrefix, StringComparison.Ordinal)
            ? new UnixDomainSocketEndPoint(address[UnixPrefix.Length..])
            : new IPEndPoint(IPAddress.Parse(new Uri(address).Host), new Uri(address).Port);
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// HTTP/1.1 requests that come at random moments (a Poisson process) however the server is doing. The time of each counts from when it was due, not from
/// when its connection was free. The client is <c>openloop.c</c>; it draws the same moments for the same run of each server.
/// </summary>
/// <param name="connections">Open connections, each with requests of its own: one falls to any of them and waits behind those before it.</param>
/// <param name="rate">Requests per second of all of them together.</param>
/// <param name="beside">Slow requests that come in beside them; they don't count as requests.</param>
internal sealed class OpenLoop(int connections, int rate, SlowRequests? beside = null) : ILoadGenerator
{
    private const string Source = "Load/openloop.c";

    /// <summary>For what the server does after a connection's first answer.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(100);

    /// <summary>How often each server was run, by its address.</summary>
    private readonly ConcurrentDictionary<Uri, int> _runs = new();

    /// <summary>How long the last answers may take; what comes later counts as lost.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(15);

    public IEnumerable<string> Tools => ["cc"];

    public IEnumerable<string> OtherPaths => beside is null ? [] : [beside.Path];

    public string Describe(string address, int seconds) =>
        $"openloop: {rate} GET a second, Poisson arrivals, over {connections} connections for {seconds} s, {address}{(beside is null ? "" : $", beside {beside}")}";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var arrivals = await RunAsync(server.Address.Port, path, seconds, seed: _runs.AddOrUpdate(server.Address, 1, (_, runs) => runs + 1), server.Usage, cancellation);
        return arrivals.Result(beside);
    }

    /// <summary>All requests of a run with these random numbers.</summary>
    public async Task<Arrivals> RunAsync(int port, string path, double seconds, int seed, Func<Usage> usage, CancellationToken cancellation)
    {
        string[] second = beside is null ? [] : [beside.Path, $"{beside.Rate}", $"{beside.Connections}"];
        string[] arguments = [$"{port}", path, $"{connections}", $"{rate}", seconds.ToString(CultureInfo.InvariantCulture), $"{seed}", Grace.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. second];
        var program = await CProgram.BuildAsync(Source, cancellation);
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await ExpectAsync(process, "connected", errors, cancellation);
            await Task.Delay(s_settle, cancellation);
            var before = usage();
            await process.StandardInput.WriteLineAsync();
            await ExpectAsync(process, "done", errors, cancellation);
            var used = usage().Since(before);
            await process.StandardInput.WriteLineAsync();
            var arrivals = new Arrivals(used);
            while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
            {
                arrivals.Add(line);
            }

            await process.WaitForExitAsync(cancellation);
            Console.Error.Write(await errors);
            return arrivals;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task ExpectAsync(Process process, string line, Task<string> errors, CancellationToken cancellation)
    {
        if (await process.StandardOutput.ReadLineAsync(cancellation) != line)
        {
            throw new BenchException($"openloop ended before it was {line}: {(await errors).Trim()}");
        }
    }
}

using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Stops;

/// <summary>Starts and stops a host in this process again and again; each serves a few requests. Nothing may be left of any of them.</summary>
internal sealed class StartStopTrial : ITrial
{
    private const int Requests = 3;
    private const long AllowedHeapPerHost = 1024;

    /// <summary>The pool's own threads come and go.</summary>
    private const int AllowedThreads = 8;

    public string Name => "start-stop";

    public string Summary => $"start a host in this process, {Requests} requests and an idle connection, stop it";

    public int DefaultTimes => 500;

    public IEnumerable<string> Tools => [];

    public async Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation)
    {
        var times = context.Times ?? DefaultTimes;
        var tally = new Tally();

        // What is made once in a process is made by the first ones.
        for (var i = 0; i < Math.Min(times, 20); i++)
        {
            await WithinLimitAsync(context, new Tally(), cancellation);
        }

        var before = Held.Now();
        for (var i = 0; i < times; i++)
        {
            await WithinLimitAsync(context, tally, cancellation);
        }

        var after = await SettleAsync(before, cancellation);
        return new TrialResult(
            $"{times} starts and stops, {tally.Served} requests",
            [.. tally.Losses, .. after.Beyond(before, times)],
            FormattableString.Invariant($"descriptors {before.Descriptors} → {after.Descriptors}, threads {before.Threads} → {after.Threads}, heap {before.Heap / 1024} → {after.Heap / 1024} KiB"));
    }

    /// <summary>A host that hangs need not heed the token: it is left behind then.</summary>
    private static Task WithinLimitAsync(TrialContext context, Tally tally, CancellationToken cancellation) =>
        Waiting.WithinLimitAsync(stop => OneAsync(context, tally, stop).WaitAsync(stop), "A start, its requests and the stop", () => ThreadStates.Describe(Environment.ProcessId), cancellation);

    private static async Task OneAsync(TrialContext context, Tally tally, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        if (context.IsEpoll)
        {
            builder.WebHost.UseEpollTransport(o => o.Scheduling = context.Scheduling is { } name ? Enum.Parse<EpollScheduling>(name, ignoreCase: true) : o.Scheduling);
        }

        await using var app = builder.Build();
        app.Run(http => http.Response.WriteAsync("served", cancellation));
        await app.StartAsync(cancellation);
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var endPoint = new IPEndPoint(IPAddress.Loopback, address.Port);
        using var idle = await RawClient.ConnectAsync(endPoint, cancellation);
        for (var i = 0; i < Requests; i++)
        {
            // The idle one is let go at the stop, as the others would be.
            await idle.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n", cancellation);
            var response = await idle.ReadResponseAsync(cancellation);
            if (response.Status == 200)
            {
                tally.Serve();
            }
            else
            {
                tally.Lose($"answered {response.Status}");
            }
        }

        await app.StopAsync(cancellation);
    }

    /// <summary>Threads and sockets of the last hosts may take a moment to end.</summary>
    private static async Task<Held> SettleAsync(Held before, CancellationToken cancellation)
    {
        var after = Held.Now();
        for (var clock = Stopwatch.StartNew(); after.Descriptors > before.Descriptors && clock.Elapsed < TimeSpan.FromSeconds(5); after = Held.Now())
        {
            await Task.Delay(50, cancellation);
        }

        return after;
    }

    private sealed record Held(int Descriptors, int Threads, long Heap)
    {
        /// <summary>Sockets, epoll instances, event descriptors; not files and pipes, which the runtime opens when it likes.</summary>
        private static int CountDescriptors() =>
            ProcFiles.Descriptors(Environment.ProcessId).Where(kind => kind.Key == "socket" || kind.Key.StartsWith("anon_inode", StringComparison.Ordinal)).Sum(kind => kind.Value);

        public static Held Now()
        {
            // Twice: what a finalizer of the first collection let go of is freed by the second.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            return new Held(CountDescriptors(), Directory.GetDirectories($"/proc/{Environment.ProcessId}/task").Length, GC.GetTotalMemory(forceFullCollection: false));
        }

        public IEnumerable<string> Beyond(Held before, int times)
        {
            if (Descriptors > before.Descriptors)
            {
                yield return $"{Descriptors - before.Descriptors} descriptors left open";
            }

            if (Threads > before.Threads + AllowedThreads)
            {
                yield return $"{Threads - before.Threads} threads left running";
            }

            if (Heap - before.Heap > Math.Max(times, 500) * AllowedHeapPerHost)
            {
                yield return $"{Heap - before.Heap} bytes left on the heap";
            }
        }
    }
}

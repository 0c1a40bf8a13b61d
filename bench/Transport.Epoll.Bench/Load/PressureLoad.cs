using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// Requests that come when they come, whether or not the server keeps up, over a limited number of connections. Clients have patience for so long,
/// then give up. Every request is recorded, also those that fail: that is what pressure is about.
/// </summary>
internal sealed class PressureLoad(Uri address, int connections, TimeSpan patience)
{
    private const long Broken = -1;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private readonly Channel<long> _due = Channel.CreateUnbounded<long>(new() { SingleWriter = true });

    /// <summary>When the request that is on each connection was due; 0 for none. Its loop writes it; the watch only exchanges what it saw for <see cref="Broken"/>.</summary>
    private readonly long[] _sentAt = new long[connections];
    private long _start;

    /// <param name="phases">One after the other: how long, and how many requests a second.</param>
    /// <param name="started">Called as soon as the first phase begins; the time counts from there.</param>
    /// <param name="cancellation">Breaks it off.</param>
    public async Task<List<PressureArrival>> RunAsync(IReadOnlyList<(TimeSpan Length, double Rate)> phases, Action<Stopwatch> started, CancellationToken cancellation)
    {
        var clients = Enumerable.Range(0, connections).Select(_ => new RawGet(address)).ToArray();
        using var done = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        _start = Stopwatch.GetTimestamp();
        started(clock);
        var watch = Task.Run(() => WatchAsync(clients, done.Token), CancellationToken.None);
        try
        {
            var loops = clients.Select((client, i) => Task.Run(() => LoopAsync(client, i, cancellation), cancellation)).ToArray();
            await Task.Factory.StartNew(() => Deal(phases, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            return [.. (await Task.WhenAll(loops)).SelectMany(arrivals => arrivals)];
        }
        finally
        {
            await done.CancelAsync();
            await watch;
            Array.ForEach(clients, client => client.Dispose());
        }
    }

    /// <summary>A thread of its own: timers of the pool come late when the pool is busy.</summary>
    private void Deal(IReadOnlyList<(TimeSpan Length, double Rate)> phases, CancellationToken cancellation)
    {
        var begins = 0.0;
        foreach (var (length, rate) in phases)
        {
            for (long dealt = 0, total = (long)(rate * length.TotalSeconds); dealt < total && !cancellation.IsCancellationRequested;)
            {
                Thread.Sleep(1);
                for (var due = Math.Min(total, (long)((SinceStart() - begins) * rate)); dealt < due; dealt++)
                {
                    _due.Writer.TryWrite(Stopwatch.GetTimestamp());
                }
            }

            begins += length.TotalSeconds;
        }

        _due.Writer.Complete();
    }

    private async Task<List<PressureArrival>> LoopAsync(RawGet client, int index, CancellationToken cancellation)
    {
        var arrivals = new List<PressureArrival>();
        await foreach (var due in _due.Reader.ReadAllAsync(cancellation))
        {
            var outcome = await RequestAsync(client, index, due, cancellation);
            arrivals.Add(new PressureArrival(Stopwatch.GetElapsedTime(_start, due).TotalSeconds, Stopwatch.GetElapsedTime(due).TotalSeconds, outcome));
        }

        return arrivals;
    }

    private async Task<Outcome> RequestAsync(RawGet client, int index, long due, CancellationToken cancellation)
    {
        if (Stopwatch.GetElapsedTime(due) > patience)
        {
            return Outcome.NeverSent;
        }

        try
        {
            await client.ConnectAsync(cancellation);
        }
        catch (SocketException)
        {
            return Outcome.NotConnected;
        }

        Volatile.Write(ref _sentAt[index], due); // after the connection, which whoever reads it takes
        try
        {
            return await client.RequestAsync(cancellation) switch
            {
                200 => Outcome.Served,
                503 => Outcome.Shed,
                _ => Outcome.Failed,
            };
        }
        catch (IOException)
        {
            return Stopwatch.GetElapsedTime(due) > patience ? Outcome.NoAnswer : Outcome.Lost;
        }
        finally
        {
            if (Interlocked.Exchange(ref _sentAt[index], 0) == Broken)
            {
                client.Break(); // the watch ends that connection, maybe only now: the next request needs another one
            }
        }
    }

    /// <summary>Takes the connection from whoever has waited for too long; a timer for every request would cost more than the request.</summary>
    private async Task WatchAsync(RawGet[] clients, CancellationToken done)
    {
        using var timer = new PeriodicTimer(s_look);
        try
        {
            while (await timer.WaitForNextTickAsync(done))
            {
                for (var i = 0; i < clients.Length; i++)
                {
                    var sent = Volatile.Read(ref _sentAt[i]);
                    var connection = clients[i].Connection;
                    if (sent > 0 && Stopwatch.GetElapsedTime(sent) > patience && Interlocked.CompareExchange(ref _sentAt[i], Broken, sent) == sent)
                    {
                        connection?.Dispose(); // still the one of that request
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // All requests are done.
        }
    }

    private double SinceStart() => Stopwatch.GetElapsedTime(_start).TotalSeconds;
}

using System.Diagnostics;

namespace Sample.Web.Dashboard;

/// <summary>One trial: its requests, and how it goes. Runs on the thread pool; any thread reads its state.</summary>
internal sealed class Trial(TrialKind kind, TrialTarget target)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _asked;
    private long _answered;
    private long _failed;
    private volatile string? _error;
    private volatile bool _ended;

    public TrialState State => new(
        kind.Name,
        kind.Title,
        !_ended,
        _ended ? 0 : Math.Max(0, (TrialKind.Duration - Stopwatch.GetElapsedTime(_started)).TotalSeconds),
        Volatile.Read(ref _answered),
        Volatile.Read(ref _failed),
        _error);

    /// <summary>Returns when its time or its number is used up and the last answers are there, or at once when the server stops. Does not throw.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            var connections = Enumerable.Repeat(AskQuicklyAsync, kind.QuickConnections).Concat(Enumerable.Repeat(BlockAsync, kind.BlockingConnections));
            await Task.WhenAll(connections.Select(ask => Task.Run(() => ask(stopping), CancellationToken.None)));
        }
        catch (Exception exception)
        {
            // Nobody awaits this: whoever looks at the state learns of it.
            Fail(exception);
        }

        _ended = true;
    }

    private bool GoesOn(CancellationToken stopping)
        => !stopping.IsCancellationRequested && Stopwatch.GetElapsedTime(_started) < TrialKind.Duration && Volatile.Read(ref _asked) < TrialKind.MaxRequests;

    private async Task AskQuicklyAsync(CancellationToken stopping)
    {
        using var client = target.CreateClient();
        while (GoesOn(stopping) && await AskAsync(client, "/plaintext", stopping))
        {
        }
    }

    private async Task BlockAsync(CancellationToken stopping)
    {
        while (GoesOn(stopping))
        {
            using var client = target.CreateClient();
            var answered = true;
            for (var i = 0; answered && i < TrialKind.QuickBefore; i++)
            {
                answered = await AskAsync(client, "/plaintext", stopping);
            }

            if (answered)
            {
                await AskAsync(client, TrialKind.BlockingPath, stopping);
            }

            await Task.Delay(TrialKind.Pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> AskAsync(HttpClient client, string path, CancellationToken stopping)
    {
        try
        {
            Interlocked.Increment(ref _asked);
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), stopping);
            answer.EnsureSuccessStatusCode();
            Interlocked.Increment(ref _answered);
            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            if (!stopping.IsCancellationRequested)
            {
                Fail(exception);
            }

            return false;
        }
    }

    private void Fail(Exception exception)
    {
        Interlocked.Increment(ref _failed);
        _error = exception.Message;
    }
}

/// <summary>How a trial goes.</summary>
/// <param name="Name">Its kind.</param>
/// <param name="Title">The same in words.</param>
/// <param name="Running">Whether it has not ended yet.</param>
/// <param name="SecondsLeft">At most so long.</param>
/// <param name="Answered">Requests that were answered.</param>
/// <param name="Failed">Requests that were not.</param>
/// <param name="Error">Why the last of them was not.</param>
internal sealed record TrialState(string Name, string Title, bool Running, double SecondsLeft, long Answered, long Failed, string? Error);

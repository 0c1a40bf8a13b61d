using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Clients;

/// <summary>What wrk counted.</summary>
internal sealed record WrkReport(long Requests, long NonSuccess, long SocketErrors)
{
    public IEnumerable<string> Losses()
    {
        if (NonSuccess > 0)
        {
            yield return $"{NonSuccess} × not 2xx";
        }

        if (SocketErrors > 0)
        {
            yield return $"{SocketErrors} × socket error";
        }

        if (Requests == 0)
        {
            yield return "no request was answered at all";
        }
    }
}

/// <summary>wrk, running until it is told to stop. One caller at a time.</summary>
internal sealed partial class WrkRun : IAsyncDisposable
{
    /// <summary>Longer than any trial; SIGINT ends it, and makes it report.</summary>
    private const string Forever = "1h";

    /// <summary>Longer than a server needs to start on a busy machine: waiting in a queue is no loss.</summary>
    private const string AnswerLimit = "30s";

    private readonly Process _process;
    private readonly Task<string> _output;

    private WrkRun(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
    }

    public static WrkRun Start(string address, int connections, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("wrk", ["-t", "1", "-c", $"{connections}", "-d", Forever, "--timeout", AnswerLimit, .. arguments, address]) { RedirectStandardOutput = true };
        return new WrkRun(Process.Start(start) ?? throw new InvalidOperationException("wrk did not start."));
    }

    /// <param name="state">What the servers are doing, for the message of a report that does not come.</param>
    /// <param name="cancellation">Breaks the wait off.</param>
    public async Task<WrkReport> FinishAsync(Func<string> state, CancellationToken cancellation)
    {
        Signals.Send(_process.Id, Signals.Interrupt);
        var text = await Waiting.WithinLimitAsync(_output.WaitAsync, "The report of wrk", state, cancellation);
        return new WrkReport(Sum(Requests(), text), Sum(NonSuccess(), text), Sum(SocketErrors(), text));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static long Sum(Regex pattern, string text) =>
        pattern.Match(text).Groups.Values.Skip(1).Where(g => g.Success).Sum(g => long.Parse(g.Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex NonSuccess();

    [GeneratedRegex(@"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")]
    private static partial Regex SocketErrors();
}

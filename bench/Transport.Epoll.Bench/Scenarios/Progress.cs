namespace Transport.Epoll.Bench.Scenarios;

/// <summary>A line for each run, on standard error: the tables are what goes to standard output.</summary>
internal static class Progress
{
    public static void Show(string scenario, int round, int rounds, LoadRun run) =>
        Console.Error.WriteLine(FormattableString.Invariant(
            $"{DateTime.Now:HH:mm:ss} {scenario}: round {round} of {rounds}: {run.Contender} {run.RequestsPerSecond:F0}/s, {run.CpuMicroseconds:F2} µs{(run.Latency is null ? "" : FormattableString.Invariant($", p99 {run.Latency.P99:F2} ms"))}"));
}

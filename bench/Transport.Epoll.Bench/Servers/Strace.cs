using System.Diagnostics;
using System.Globalization;
using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Scenarios;

namespace Transport.Epoll.Bench.Servers;

/// <summary>strace(1), attached to all processes of a server while a load runs; it only counts.</summary>
internal static class Strace
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    public static async Task<SystemCallRun> CountAsync(ServerProcess server, Func<Task<LoadResult>> load, CancellationToken cancellation)
    {
        Tool.Require(["strace"]);
        var file = Path.GetTempFileName();
        try
        {
            using var process = Process.Start(new ProcessStartInfo("strace", ["-f", "-c", "-o", file, "-p", string.Join(',', server.Processes)]) { RedirectStandardError = true })!;
            try
            {
                // The first line says that it is attached, or why it can't be.
                var line = await process.StandardError.ReadLineAsync(cancellation).AsTask().WaitAsync(s_limit, cancellation);
                if (line?.Contains("attached", StringComparison.Ordinal) != true)
                {
                    throw new BenchException($"strace: {line}");
                }

                var rest = process.StandardError.ReadToEndAsync(cancellation);
                var result = (await load()).RequireClean($"{server.Contender.Name}, under strace");
                Signals.Send(process.Id, Signals.Interrupt);
                await process.WaitForExitAsync(cancellation).WaitAsync(s_limit, cancellation);
                await rest;
                return new SystemCallRun(server.Contender.Name, result.Requests, Parse(await File.ReadAllLinesAsync(file, cancellation)));
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill();
                }
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Columns: % time, seconds, usecs/call, calls, errors (may be empty), name.</summary>
    internal static SortedDictionary<string, long> Parse(IEnumerable<string> lines)
    {
        var calls = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var fields in lines.Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (fields.Length is 5 or 6 && fields[^1] != "total" && long.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                calls[fields[^1]] = count;
            }
        }

        return calls;
    }
}

using System.Diagnostics;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests;

/// <summary>The bench as a process of its own, interrupted in the middle of a round: real servers, real load.</summary>
public sealed class InterruptTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Interrupt_WhileLoadRuns_EndsEverythingThatItStarted()
    {
        using var limit = new CancellationTokenSource(s_limit);
        using var bench = Start("plaintext8", "--quick", "--contenders", "sockets,epoll-auto,nginx", "--sample", BuiltSample.Path);
        try
        {
            await ReadUntilAsync(bench.StandardError, "round 1 of ", limit.Token);
            var started = await WaitForAllAsync(bench.Id, limit.Token);

            Signals.Send(bench.Id, Signals.Interrupt);
            var rest = await bench.StandardError.ReadToEndAsync(limit.Token);
            await bench.WaitForExitAsync(limit.Token);

            Assert.Equal(130, bench.ExitCode);
            Assert.EndsWith("Interrupted; all servers were stopped.\n", rest, StringComparison.Ordinal);
            Assert.DoesNotContain(started, one => NameOf(one.Key) == one.Value);
        }
        finally
        {
            if (!bench.HasExited)
            {
                bench.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Interruptible, too, where whoever runs the tests ignores SIGINT, as a shell's background job does.</summary>
    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", typeof(Repository).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    /// <summary>Two sample processes and a control, nginx, and a load generator at work.</summary>
    private static async Task<Dictionary<int, string>> WaitForAllAsync(int bench, CancellationToken cancellation)
    {
        while (true)
        {
            var seen = new Dictionary<int, string>();
            try
            {
                foreach (var process in ProcFiles.Tree(bench).Where(id => id != bench))
                {
                    if (NameOf(process) is { } name)
                    {
                        seen[process] = name;
                    }
                }
            }
            catch (DirectoryNotFoundException)
            {
                // A load generator has just ended.
            }

            if (seen.Values.Count(name => name == "dotnet") == 3 && seen.ContainsValue("nginx") && seen.ContainsValue("wrk"))
            {
                return seen;
            }

            await Task.Delay(20, cancellation);
        }
    }

    private static async Task ReadUntilAsync(TextReader reader, string awaited, CancellationToken cancellation)
    {
        var seen = new List<string>();
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            seen.Add(line);
            if (line.Contains(awaited, StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException($"The bench ended early: {string.Join(Environment.NewLine, seen)}");
    }

    /// <summary>Null when there is no such process, or only its remains.</summary>
    private static string? NameOf(int process)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{process}/status");
            return status.Contains("State:\tZ", StringComparison.Ordinal) ? null : status["Name:\t".Length..status.IndexOf('\n', StringComparison.Ordinal)];
        }
        catch (IOException)
        {
            return null;
        }
    }
}

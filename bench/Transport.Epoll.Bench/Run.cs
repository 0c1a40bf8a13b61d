using Transport.Epoll.Bench.Load;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench;

/// <summary>Runs scenarios one after the other, and ends with the exit code.</summary>
internal static class Run
{
    public static async Task<int> AllAsync(IReadOnlyList<IScenario> scenarios, BenchOptions options, string commandLine, CancellationToken cancellation)
    {
        using var sample = await SampleBuild.CreateAsync(options, cancellation);
        var folder = Directory.CreateTempSubdirectory("transport-epoll-bench-files-");
        try
        {
            var results = new ResultFolder(await Machine.ReadAsync(cancellation), commandLine);
            var context = new BenchContext(sample, folder.FullName, options, results);
            var failed = 0;
            foreach (var scenario in scenarios)
            {
                failed += await RunAsync(scenario, context with { Options = WithContendersToCheck(options, scenario.Name) }, cancellation) ? 0 : 1;
            }

            results.Announce();
            var limits = Bounds.Limits(options.Pinned).Where(b => options.Scenarios.Contains(b.Scenario)).Select(b => b.On(results.Machine.Processor));
            if (options.Check && !Bounds.Check(limits, results.Reports))
            {
                failed++;
            }

            return failed == 0 ? 0 : 1;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A check starts only those whom it is about, and the control.</summary>
    private static BenchOptions WithContendersToCheck(BenchOptions options, string scenario)
    {
        if (options is not { Check: true, Contenders: null })
        {
            return options;
        }

        var names = Bounds.ContendersToCheck(scenario, options.Pinned);
        return options with { Contenders = [.. Contender.Known.Where(c => names.Contains(c.Name) || c.Name == Contender.Control)] };
    }

    private static async Task<bool> RunAsync(IScenario scenario, BenchContext context, CancellationToken cancellation)
    {
        try
        {
            return await scenario.RunAsync(context, cancellation);
        }
        catch (Exception e) when (e is BenchException || (ClientFailure.Is(e) && !cancellation.IsCancellationRequested))
        {
            // One scenario that can't be trusted does not take the figures of the others with it.
            Console.Error.WriteLine($"{scenario.Name}: {e.Message}");
            return false;
        }
    }
}

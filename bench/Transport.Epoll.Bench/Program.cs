using System.Runtime.InteropServices;
using Transport.Epoll.Bench;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(BenchOptions.Usage);
    return 0;
}

// Ctrl-C and SIGTERM only cancel: every child process is ended by the code that started it.
using var stop = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);

void Cancel(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

try
{
    var options = BenchOptions.Parse(args);
    var scenarios = options.Scenarios.Select(ScenarioCatalog.Find).ToList();
    Tool.Require(scenarios.SelectMany(s => s.Tools));

    using var sample = await SampleBuild.CreateAsync(options, stop.Token);
    var failed = 0;
    foreach (var scenario in scenarios)
    {
        try
        {
            failed += await scenario.RunAsync(sample, options, stop.Token) ? 0 : 1;
        }
        catch (BenchException e)
        {
            // One scenario that can't be trusted does not take the figures of the others with it.
            Console.Error.WriteLine($"{scenario.Name}: {e.Message}");
            failed++;
        }
    }

    return failed == 0 ? 0 : 1;
}
catch (BenchException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Interrupted; all servers were stopped.");
    return 130;
}
catch (Exception e)
{
    // Caught only so that everything between here and there is disposed: an unhandled exception would leave the servers running.
    Console.Error.WriteLine(e);
    return 3;
}

using System.Runtime.InteropServices;
using Transport.Epoll.Bench;
using Transport.Epoll.Bench.Limits;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;

switch (args)
{
    case ["--help"] or ["-h"]:
        Console.WriteLine(BenchOptions.Usage);
        return 0;
    case [LimitServer.Command, .. var rest]:
        return await LimitServer.RunAsync(rest);
}

// Ctrl-C, a closed terminal and the like only cancel: every child process is ended by the code that started it.
using var stop = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
using var onQuit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Cancel);
using var onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel);

void Cancel(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

try
{
    var options = BenchOptions.Parse(args);
    var scenarios = options.Scenarios.Select(ScenarioCatalog.Find).ToList();
    Tool.Require([
        .. scenarios.SelectMany(s => s.Tools),
        .. options.Pinned ? ["taskset"] : Array.Empty<string>(),
        .. options.SystemCalls ? ["strace"] : Array.Empty<string>(),
    ]);
    DescriptorLimit.Raise();
    if (options.Pinned)
    {
        // All threads of this process; what it starts inherits it, and servers are bound to the other processor.
        await Tool.RunAsync("taskset", ["-a", "-p", "-c", "1", $"{Environment.ProcessId}"], stop.Token);
    }

    return await Run.AllAsync(scenarios, options, string.Join(' ', args), stop.Token);
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

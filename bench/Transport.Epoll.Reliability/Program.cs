using System.Diagnostics;
using System.Runtime.InteropServices;
using Transport.Epoll.Bench;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Reliability;

const int ExitLost = 1;
const int ExitUsage = 2;
const int ExitInterrupted = 130;

switch (args)
{
    case [] or ["--help"] or ["-h"]:
        Console.WriteLine(TrialOptions.Usage);
        return 0;
    case ["list"]:
        foreach (var trial in TrialCatalog.All)
        {
            Console.WriteLine($"{trial.Name,-20} {trial.DefaultTimes,6} ×  {trial.Summary}");
        }

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

var folder = Directory.CreateTempSubdirectory("reliability-").FullName;
try
{
    var options = TrialOptions.Parse(args);
    Tool.Require(options.Trials.SelectMany(t => t.Tools));
    DescriptorLimit.Raise();
    var table = new MarkdownTable("trial", "transport", "tried", "lost", "seen", "seconds");
    var lost = false;
    foreach (var trial in options.Trials)
    {
        foreach (var transport in options.Transports)
        {
            var context = options.Context(transport, folder);
            var clock = Stopwatch.StartNew();
            var result = await RunAsync(trial, context);
            lost |= result.Losses.Count > 0;
            table.Add(trial.Name, context.Server, result.Tried, result.Losses.Count == 0 ? "0" : string.Join("; ", result.Losses), result.Seen, FormattableString.Invariant($"{clock.Elapsed.TotalSeconds:F0}"));
            Console.Error.WriteLine($"{trial.Name}, {context.Server}: {result.Tried}; lost: {(result.Losses.Count == 0 ? "nothing" : string.Join("; ", result.Losses))}; {result.Seen}");
        }
    }

    Console.WriteLine(table.Write(""));
    return lost ? ExitLost : 0;
}
catch (BenchException e)
{
    Console.Error.WriteLine(e.Message);
    return ExitUsage;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Interrupted; all servers were stopped.");
    return ExitInterrupted;
}
finally
{
    Directory.Delete(folder, recursive: true);
}

async Task<TrialResult> RunAsync(ITrial trial, TrialContext context)
{
    try
    {
        return await trial.RunAsync(context, stop.Token);
    }
    catch (WaitException e)
    {
        return new TrialResult("broken off", [e.Message.ReplaceLineEndings(" ")]);
    }
}

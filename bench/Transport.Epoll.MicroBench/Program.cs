using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Transport.Epoll.MicroBench;

IEnumerable<Summary> summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroConfig).Assembly).Run(args, new MicroConfig(ownJob: !args.Any(argument => argument is "--job" or "-j")));

// A benchmark that could not be built or threw has no result: a script must see that.
return summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;

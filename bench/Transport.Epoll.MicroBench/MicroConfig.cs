using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using Perfolizer.Horology;
#if DEBUG
using BenchmarkDotNet.Toolchains.InProcess.Emit;
#endif

namespace Transport.Epoll.MicroBench;

/// <summary>
/// Short runs, so that all of them take minutes; <c>--job</c> replaces them. A Debug build runs each benchmark once, in this process: that
/// measures nothing, but the library's assertions look on.
/// </summary>
internal sealed class MicroConfig : ManualConfig
{
    /// <summary>Without <paramref name="ownJob"/> the job is that of the command line.</summary>
    public MicroConfig(bool ownJob)
    {
        AddLogger(ConsoleLogger.Default);
        AddColumnProvider(DefaultColumnProviders.Instance);
        AddExporter(MarkdownExporter.GitHub);
#if DEBUG
        AddJob(Job.Dry.WithToolchain(InProcessEmitToolchain.Instance));
        WithOptions(ConfigOptions.DisableOptimizationsValidator);
#else
        if (ownJob)
        {
            AddJob(Job.Default.WithWarmupCount(3).WithIterationCount(10).WithIterationTime(TimeInterval.FromMilliseconds(200)).WithId("Micro"));
        }
#endif
    }
}

using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench;

/// <summary>What all scenarios of a run share.</summary>
/// <param name="Sample">The binary under test.</param>
/// <param name="Folder">A temporary folder.</param>
/// <param name="Options">The command line.</param>
/// <param name="Results">Where results are kept.</param>
internal sealed record BenchContext(SampleBuild Sample, string Folder, BenchOptions Options, ResultFolder Results)
{
    public ServerSettings Settings(int? loops, bool http2 = false, bool tls = false) =>
        new(Sample, Folder, Options.Loops is { } given ? given.Count : loops, http2, tls, Options.Pinned);
}

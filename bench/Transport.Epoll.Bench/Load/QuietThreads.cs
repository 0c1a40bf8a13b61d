using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>A load, then nothing: how often the threads that wait for sockets are woken all the same.</summary>
internal sealed class QuietThreads(ILoadGenerator load) : ILoadGenerator
{
    private static readonly TimeSpan s_watched = TimeSpan.FromSeconds(10);

    /// <summary>Longer than standbys of the Auto mode stay.</summary>
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(12);

    /// <summary>The beginning of their names, as the kernel has them.</summary>
    private static readonly string[] s_names = ["epoll-", ".NET Sockets"];

    public IEnumerable<string> Tools => load.Tools;

    public IEnumerable<string> OtherPaths => load.OtherPaths;

    public string Describe(string address, int seconds) => $"{load.Describe(address, seconds)}; then, {s_rest.TotalSeconds} s after the last request, nothing";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        var result = await load.RunAsync(server, path, seconds, cancellation);
        await Task.Delay(s_rest, cancellation);
        var (_, before) = ProcFiles.Named(server.Id, s_names);
        await Task.Delay(s_watched, cancellation);
        var (threads, after) = ProcFiles.Named(server.Id, s_names);
        return result.With("its socket threads", threads).With($"their context switches in {s_watched.TotalSeconds} quiet s", after - before);
    }
}

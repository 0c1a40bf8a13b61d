namespace Transport.Epoll.Bench.Servers;

/// <summary>The unix socket of a server that also has a port, for scenarios that ask for one.</summary>
internal static class UnixSocket
{
    public static string PathOf(int port) => Path.Combine(Path.GetTempPath(), $"transport-epoll-bench-{port}.sock");
}

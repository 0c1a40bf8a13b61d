using System.Net.Sockets;

namespace Transport.Epoll.Bench.Servers;

/// <summary>The unix socket of a server that also has a port, for scenarios that ask for one.</summary>
internal static class UnixSocket
{
    public static string PathOf(int port) => Path.Combine(Path.GetTempPath(), $"transport-epoll-bench-{port}.sock");

    public static async Task<NetworkStream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Transport.Epoll.Bench.Servers;

/// <summary>Waits until a child process listens on its port of 127.0.0.1.</summary>
internal static class ListeningPort
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    public static async Task WaitAsync(int port, ChildProcess child, CancellationToken cancellation)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellation);
                return;
            }
            catch (SocketException)
            {
                // Not listening yet.
            }

            if (clock.Elapsed > s_limit || child.HasExited)
            {
                throw new BenchException($"Nothing listens on port {port}.{Environment.NewLine}{child.Output}");
            }

            await Task.Delay(50, cancellation);
        }
    }
}

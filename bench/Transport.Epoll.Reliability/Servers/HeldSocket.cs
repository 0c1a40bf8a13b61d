using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Transport.Epoll.Reliability.Servers;

/// <summary>A listening socket that this process holds, as systemd does, and hands to each sample that it starts (sd_listen_fds(3)).</summary>
internal sealed class HeldSocket : IDisposable
{
    private const int SetDescriptorFlags = 2; // F_SETFD

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public HeldSocket()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen(4096);

        // .NET opens everything close-on-exec.
        _ = SetFlags((int)_socket.Handle, SetDescriptorFlags, 0);
    }

    public EndPoint EndPoint => _socket.LocalEndPoint!;

    public string Address => $"http://{_socket.LocalEndPoint}/plaintext";

    public Task<SampleServer> StartSampleAsync(TrialContext context, CancellationToken cancellation)
    {
        // The shell puts the descriptor where sd_listen_fds(3) looks for it, and becomes the sample: the process id stays.
        var number = (int)_socket.Handle;
        var script = $"export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\" 3<&{number} {number}<&-";
        return SampleServer.StartAsync("bash", ["-c", script, "bash", "dotnet", context.Sample, .. context.TransportArguments], cancellation);
    }

    public void Dispose() => _socket.Dispose();

    [DllImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFlags(int descriptor, int command, int flags);
}

using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Deploy;

/// <summary>
/// What systemd is to a service with a socket unit: holds the listening socket, hands it over as descriptor 3 (sd_listen_fds(3)) and
/// receives what the service tells it (sd_notify(3)). The socket stays when the service ends.
/// </summary>
internal sealed class ServiceManager : IAsyncDisposable
{
    /// <summary>The parent's name is what the hosting package goes by. It hands SIGTERM on, and ends with the service's code.</summary>
    private const string Parent = """
        printf systemd > /proc/$$/comm
        cd "$1"
        ( exec 3<&$2; exec env NOTIFY_SOCKET="$3" LISTEN_FDS=1 LISTEN_PID=$BASHPID "$4" "$5" ) &
        trap "kill -TERM $!" TERM
        wait $!; status=$?
        while kill -0 $! 2> /dev/null; do wait $!; status=$?; done
        exit $status
        """;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _notifications = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Channel<string> _states = Channel.CreateUnbounded<string>();
    private readonly ScratchFolder _folder = new();
    private readonly string _notifyPath;
    private readonly Task _receiving;

    public ServiceManager()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _notifyPath = _folder.File("notify");
        _notifications.Bind(new UnixDomainSocketEndPoint(_notifyPath));
        _receiving = ReceiveAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>The folder that the service runs in, where it looks for <c>appsettings.json</c>.</summary>
    public string WorkingDirectory => Path.GetDirectoryName(_notifyPath)!;

    /// <summary>Starts the service, as the child of a shell that is called systemd.</summary>
    public SampleProcess Start()
    {
        var inherited = Dup((int)_listener.Handle); // unlike the original it is not closed by exec (dup(2))
        try
        {
            return SampleProcess.Launch("bash", ["-c", Parent, "bash", WorkingDirectory, $"{inherited}", _notifyPath, SampleProcess.Dotnet, SampleProcess.Assembly]);
        }
        finally
        {
            _ = Close(inherited);
        }
    }

    /// <summary>The next state that the service tells, such as <c>READY=1</c>.</summary>
    public async Task<string> NextStateAsync() => await _states.Reader.ReadAsync().AsTask().WithTimeout(Deadline.Long);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _notifications.Dispose();
        await _receiving;
        _folder.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var length = await _notifications.ReceiveAsync(buffer);
                foreach (var state in Encoding.UTF8.GetString(buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    await _states.Writer.WriteAsync(state);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            _states.Writer.Complete();
        }
    }

    [DllImport("libc", EntryPoint = "dup", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Dup(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}

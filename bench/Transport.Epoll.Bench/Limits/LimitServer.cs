using System.Globalization;
using System.Runtime.InteropServices;

namespace Transport.Epoll.Bench.Limits;

/// <summary>This program as a server without an HTTP stack, until SIGTERM: started by the benchmark, not by people.</summary>
internal static class LimitServer
{
    public const string Command = "--serve-limit";

    /// <summary>One answer for each request, whatever it asks.</summary>
    public static ReadOnlyMemory<byte> Answer { get; } =
        "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nContent-Type: text/plain\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: Limit\r\n\r\nHello, World!"u8.ToArray();

    /// <param name="args">Kind (loop or transport), port, number of loops.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        using var stop = new CancellationTokenSource();
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        var port = int.Parse(args[1], CultureInfo.InvariantCulture);
        var loops = int.Parse(args[2], CultureInfo.InvariantCulture);
        await (args[0] == "loop" ? BareLoopServer.RunAsync(port, loops, stop.Token) : BareTransportServer.RunAsync(port, loops, stop.Token));
        return 0;

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }
}

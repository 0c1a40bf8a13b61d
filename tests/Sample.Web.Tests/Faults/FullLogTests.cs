using System.Net.Sockets;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Faults;

/// <summary>Where the transport's messages go can take no more: a pipe that nobody reads, a full disk. Connections and loops must not notice.</summary>
public sealed class FullLogTests
{
    /// <summary>Each says two things at Debug level, of more than 100 bytes: together more than a pipe (64 KiB, pipe(7)) and the console logger's queue hold.</summary>
    private const int Connections = 480;

    private const int Queue = 10;

    private const int Together = 8;

    [Theory]
    [InlineData("Auto", "pipe")]
    [InlineData("Inline", "pipe")]
    [InlineData("ThreadPool", "pipe")]
    [InlineData("Auto", "/dev/full")]
    [InlineData("ThreadPool", "/dev/full")]
    public async Task Connections_LogIsFull_AreServed(string scheduling, string log)
    {
        using var folder = new ScratchFolder();
        var path = folder.File("web.sock");

        // The reading end of a pipe that is open in the same process counts as a reader, and reads nothing.
        var redirection = log == "pipe" ? $"mkfifo {folder.File("log")} && exec 9<>{folder.File("log")} >{folder.File("log")} 2>&1" : $"exec >{log} 2>&1";
        await using var sample = SampleProcess.Launch("sh",
            ["-c", $"{redirection}; exec \"$@\"", "sh", SampleProcess.Dotnet, SampleProcess.Assembly, "--urls", $"http://unix:{path}",
                "--transport", FaultSettings.Transport, "--scheduling", scheduling, "--Logging:LogLevel:Default", "None",
                "--Logging:LogLevel:Transport.Epoll", "Debug", "--Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets", "Debug",
                "--Logging:Console:MaxQueueLength", $"{Queue}"]);
        await Deadline.UntilAsync(() => sample.HasExited || CanConnect(path), "listening");
        Assert.False(sample.HasExited);

        for (var done = 0; done < Connections; done += Together)
        {
            await Task.WhenAll(Enumerable.Range(0, Together).Select(_ => RequestAsync(path, sample)));
        }

        if (log == "pipe")
        {
            await Deadline.UntilAsync(() => ThreadStates.Dump(sample.Id).Contains("pipe_write", StringComparison.Ordinal), "the console logger's wait for a reader");
        }

        var result = await CheckedTraffic.RunAsync(sample, [new UnixDomainSocketEndPoint(path)], exchanges: 5, seed: 0);
        Assert.Equal(0, result.Closed);
        Assert.Equal(0, await sample.StopAsync());
    }

    private static async Task RequestAsync(string path, SampleProcess sample)
    {
        using var cancellation = new CancellationTokenSource(Deadline.Short);
        try
        {
            using var client = await CheckedClient.ConnectAsync(new UnixDomainSocketEndPoint(path), new Random(1), cancellation.Token);
            await client.PlaintextAsync(1, cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"No answer in {Deadline.Short.TotalSeconds} s:\n{ThreadStates.Dump(sample.Id)}");
        }
    }

    private static bool CanConnect(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sample.Web.Tests.Faults;
using Sample.Web.Tests.Support;
using Xunit.Abstractions;

namespace Sample.Web.Tests.Kernel;

public class DescriptorExhaustionTests(ITestOutputHelper output)
{
    /// <summary>What fits beside the descriptors that the runtime needs for itself, mostly assemblies.</summary>
    private const int Room = 40;

    /// <summary>Numbers that /proc does not show yet: the runtime's diagnostics wait in an open(2) of a pipe.</summary>
    private const int Pending = 2;

    /// <summary>What the transport leaves to the runtime.</summary>
    private const int Reserve = 16;

    private const int Clients = 150;
    private const int KeptConnections = 6;
    private const int Answers = 500;
    private const int AnswersOfEach = 10;
    private const double MaxIdleCpu = 0.2;

    private static readonly byte[] s_request = Encoding.ASCII.GetBytes("GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n");
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    // Nothing is warmed up: whatever the transport needs to rest and try again, it must have before it runs out.
    [Theory]
    [InlineData("Auto", 2)]
    [InlineData("Auto", 24)] // more than what is left to the runtime: together they must not take it either
    [InlineData("Inline", 2)]
    [InlineData("ThreadPool", 2)]
    public async Task Accept_DescriptorsExhausted_RestsAndRecovers(string scheduling, int loops)
    {
        var limit = await CountDescriptorsAsync(loops) + Room;
        await using var sample = await StartAsync(scheduling, loops, limit);
        using var client = sample.CreateClient();
        await client.GetStringAsync(new Uri("/plaintext", UriKind.Relative)).WithTimeout(Deadline.Short);

        var waiting = new List<Client>();
        try
        {
            await ExhaustAsync(sample, limit, waiting);
            await AssertRestsAsync(sample);
            Assert.Contains(waiting, w => !w.Response.IsCompleted);

            await ServeAllAsync(waiting);
        }
        finally
        {
            waiting.ForEach(w => w.Dispose());
        }

        Assert.Equal("Hello, World!", await client.GetStringAsync(new Uri("/plaintext", UriKind.Relative)).WithTimeout(Deadline.Short));
        output.WriteLine(sample.Log);
        Assert.InRange(sample.Log.Split('\n').Count(line => line.StartsWith("warn:", StringComparison.Ordinal)), 1, 5);
        Assert.DoesNotContain("crit:", sample.Log, StringComparison.Ordinal);
    }

    /// <summary>Whoever is connected already goes on, on the same loops, while they can accept nobody.</summary>
    [Theory]
    [InlineData("Auto")]
    [InlineData("Inline")]
    [InlineData("ThreadPool")]
    public async Task KeptConnections_DescriptorsExhausted_AreAnsweredAllTheWhile(string scheduling)
    {
        const int loops = 2;
        var limit = await CountDescriptorsAsync(loops) + Room;
        await using var sample = await StartAsync(scheduling, loops, limit);
        await using var traffic = new QuickTraffic(sample, KeptConnections);
        await AnsweredAsync(traffic);

        var waiting = new List<Client>();
        try
        {
            await ExhaustAsync(sample, limit, waiting);
            await AnsweredAsync(traffic);
            Assert.Contains(waiting, w => !w.Response.IsCompleted); // exhausted to the end of those answers
            await ServeAllAsync(waiting);
        }
        finally
        {
            waiting.ForEach(w => w.Dispose());
        }

        await AnsweredAsync(traffic);
        await traffic.StopAsync(); // throws if one answer of any connection was wrong or lost
        output.WriteLine($"{traffic.Answers} answers on {KeptConnections} connections");
        Assert.DoesNotContain("crit:", sample.Log, StringComparison.Ordinal);
    }

    private static async Task<SampleProcess> StartAsync(string scheduling, int loops, int limit)
    {
        var sample = SampleProcess.Launch(
            "sh", ["-c", $"ulimit -n {limit} && exec \"$@\"", "sh", SampleProcess.Dotnet, SampleProcess.Assembly, "--urls", SampleProcess.AnyPort,
                "--transport", FaultSettings.Transport, "--scheduling", scheduling, "--loops", $"{loops}"]);
        await sample.WaitUntilStartedAsync();
        return sample;
    }

    /// <summary>Connects clients that ask once and stay, more than there are descriptors for.</summary>
    private static async Task ExhaustAsync(SampleProcess sample, int limit, List<Client> waiting)
    {
        for (var i = 0; i < Clients; i++)
        {
            waiting.Add(await Client.ConnectAsync(sample.Port));
        }

        await Deadline.UntilAsync(() => sample.HasExited || ProcFiles.Descriptors(sample.Id) >= limit - Reserve - Pending, "all descriptors in use");
        Assert.False(sample.HasExited, sample.Log);
    }

    /// <summary>So many more on all connections together, and some on each: they are on different loops.</summary>
    private static Task AnsweredAsync(QuickTraffic traffic)
    {
        var before = traffic.AnswersOfEach;
        return Deadline.UntilAsync(IsDone, "Answers on connections that are kept", Deadline.Long);

        bool IsDone()
        {
            var more = traffic.AnswersOfEach.Zip(before, (now, then) => now - then).ToList();
            return traffic.HasFailed || (more.Sum() >= Answers && more.Min() >= AnswersOfEach);
        }
    }

    /// <summary>How many a sample uses that has served a request.</summary>
    private static async Task<int> CountDescriptorsAsync(int loops)
    {
        await using var sample = await SampleProcess.StartAsync("--loops", $"{loops}");
        using var client = sample.CreateClient();
        await client.GetStringAsync(new Uri("/plaintext", UriKind.Relative)).WithTimeout(Deadline.Short);
        return ProcFiles.Descriptors(sample.Id);
    }

    /// <summary>The window is what is measured, not a wait for something to happen.</summary>
    private async Task AssertRestsAsync(SampleProcess sample)
    {
        var before = ThreadStates.CpuSeconds(sample.Id);
        var clock = Stopwatch.StartNew();
        await Task.Delay(s_window);
        Assert.False(sample.HasExited, sample.Log);
        var used = (ThreadStates.CpuSeconds(sample.Id) - before) / clock.Elapsed.TotalSeconds;
        output.WriteLine($"{used:F2} of a processor in {clock.Elapsed.TotalSeconds:F1} s while exhausted");
        Assert.InRange(used, 0, MaxIdleCpu);
    }

    /// <summary>Whoever was served leaves, which makes room for those who wait, until nobody is left.</summary>
    private static async Task ServeAllAsync(List<Client> waiting)
    {
        while (waiting.Count > 0)
        {
            await Task.WhenAny(waiting.Select(w => w.Response)).WithTimeout(Deadline.Short);
            foreach (var served in waiting.Where(w => w.Response.IsCompleted).ToArray())
            {
                Assert.StartsWith("HTTP/1.1 200 OK", await served.Response, StringComparison.Ordinal);
                served.Dispose();
                waiting.Remove(served);
            }
        }
    }

    private sealed class Client : IDisposable
    {
        private readonly Socket _socket;

        private Client(Socket socket)
        {
            _socket = socket;
            Response = ReceiveAsync();
        }

        public Task<string> Response { get; }

        public static async Task<Client> ConnectAsync(int port)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port).WithTimeout(Deadline.Short);
            await socket.SendAsync(s_request, SocketFlags.None).WithTimeout(Deadline.Short);
            return new Client(socket);
        }

        public void Dispose() => _socket.Dispose();

        private async Task<string> ReceiveAsync()
        {
            var buffer = new byte[4096];
            return Encoding.ASCII.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, SocketFlags.None));
        }
    }
}

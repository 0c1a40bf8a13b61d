using System.Diagnostics;
using Sample.Web.Tests.Support;
using Xunit.Abstractions;

namespace Sample.Web.Tests.Kernel;

/// <summary>The end of a process whose handlers hold up their threads for longer than the process lives.</summary>
public class BlockedExitTests(ITestOutputHelper output)
{
    private const int Requests = 3;
    private static readonly TimeSpan s_shutdownTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Kestrel waits another second for what it aborts; the rest is for a slow machine.</summary>
    private static readonly TimeSpan s_longestStop = s_shutdownTimeout + TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task SigTerm_HandlersNeverReturn_ExitsWithinTheShutdownTimeout(string transport)
    {
        string[] ours = transport == "epoll" ? ["--loops", "1"] : [];
        await using var sample = SampleProcess.Launch("env",
        [
            $"DOTNET_shutdownTimeoutSeconds={s_shutdownTimeout.TotalSeconds}",
            SampleProcess.Dotnet, SampleProcess.Assembly, "--urls", SampleProcess.AnyPort, "--transport", transport, .. ours,
            "--Logging:LogLevel:Microsoft.AspNetCore.Routing.EndpointMiddleware", "Information",
        ]);
        await sample.WaitUntilStartedAsync();
        using var clients = new BlockedClients(sample);
        for (var i = 0; i < Requests; i++)
        {
            await clients.HoldUpAsync();
        }

        if (transport == "epoll")
        {
            using var info = sample.CreateClient();
            Assert.InRange((await SchedulingFigures.ReadAsync(info)).TakeOvers, 1, Requests);
        }

        var clock = Stopwatch.StartNew();
        Assert.Equal(0, await sample.StopAsync());

        output.WriteLine($"{transport}: {clock.Elapsed.TotalSeconds:F2} s");
        Assert.InRange(clock.Elapsed, s_shutdownTimeout * 0.9, s_longestStop);
        await clients.ExpectAbortedAsync();
    }

    /// <summary>Connections that were quick, so that they are on their loop, and then ask for what blocks for a minute.</summary>
    private sealed class BlockedClients(SampleProcess sample) : IDisposable
    {
        private readonly List<HttpClient> _clients = [];
        private readonly List<Task> _blocked = [];

        public async Task HoldUpAsync()
        {
            var client = sample.CreateClient();
            _clients.Add(client);
            for (var i = 0; i < 100; i++)
            {
                await client.GetStringAsync(new Uri("/plaintext", UriKind.Relative)).WithTimeout(Deadline.Short);
            }

            _blocked.Add(client.GetStringAsync(new Uri("/block/60000", UriKind.Relative)));
            await Deadline.UntilAsync(() => sample.Log.Split("Executing endpoint 'HTTP: GET /block/").Length - 1 == _blocked.Count, "A handler that blocks");
        }

        public async Task ExpectAbortedAsync()
        {
            foreach (var blocked in _blocked)
            {
                await Assert.ThrowsAsync<HttpRequestException>(() => blocked.WithTimeout(Deadline.Short));
            }
        }

        public void Dispose() => _clients.ForEach(client => client.Dispose());
    }
}

using System.Diagnostics;
using System.Text.Json;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Kernel;

/// <summary>The Auto mode of a real process: what it counts, what it logs, and that it costs nothing when idle.</summary>
public class AutoSchedulingTests
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(0.5);

    [Fact]
    public async Task Info_AConnectionBlocksAndStops_CountsTheTakeOverAndTheWayBack()
    {
        await using var sample = await SampleProcess.StartAsync("--loops", "1");
        using var client = sample.CreateClient();
        await client.GetStringAsync(new Uri("/plaintext", UriKind.Relative)).WithTimeout(Deadline.Short);

        await UntilAsync(sample, client, "/block/300", auto => auto.GetProperty("takeOvers").GetInt64() > 0 && auto.GetProperty("movesToPool").GetInt64() > 0);
        await UntilAsync(sample, client, "/plaintext", auto => auto.GetProperty("movesToLoop").GetInt64() > 0);

        Assert.Contains("Transport.Epoll[35]", sample.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idle_AfterATakeOver_ItsThreadsSleep()
    {
        const int Loops = 3;
        await using var sample = await SampleProcess.StartAsync("--loops", $"{Loops}");
        using (var client = sample.CreateClient())
        {
            await client.GetStringAsync(new Uri("/plaintext", UriKind.Relative)).WithTimeout(Deadline.Short);
            await UntilAsync(sample, client, "/block/300", auto => auto.GetProperty("takeOvers").GetInt64() > 0);
        }

        await Deadline.UntilAsync(() => Standbys(sample) == Loops, "Standbys that are no more than the reserve", Deadline.Long); // the others end after ten seconds
        var before = await SettledAsync(sample);
        await Task.Delay(s_idle);
        var after = ContextSwitches(sample);

        Assert.Equal(before, after);
        Assert.Equal(Loops, Standbys(sample));
    }

    /// <summary>Requests a path, after quick ones, until the scheduling figures are as wished.</summary>
    private static async Task UntilAsync(SampleProcess sample, HttpClient client, string path, Func<JsonElement, bool> wished)
    {
        for (var i = 0; i < 30; i++)
        {
            await LoopConnections.SettleAsync(sample, client); // wherever /info and the first requests, slow themselves, have put it
            await client.GetStringAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Short);
            using var info = JsonDocument.Parse(await client.GetStringAsync(new Uri("/info", UriKind.Relative)).WithTimeout(Deadline.Short));
            if (wished(info.RootElement.GetProperty("auto")))
            {
                return;
            }
        }

        Assert.Fail($"The figures did not come after 30 times {path}.");
    }

    /// <summary>The context switches of the transport's threads, once they are the same for half a second.</summary>
    private static async Task<string> SettledAsync(SampleProcess sample)
    {
        var last = ContextSwitches(sample);
        var same = Stopwatch.StartNew();
        await Deadline.UntilAsync(() =>
        {
            var now = ContextSwitches(sample);
            if (now != last)
            {
                last = now;
                same.Restart();
            }

            return same.Elapsed > s_quiet;
        }, "Threads that sleep");
        return last;
    }

    private static int Standbys(SampleProcess sample) => ProcFiles.Threads(sample.Id, "epoll-standby").Count;

    private static string ContextSwitches(SampleProcess sample)
    {
        return string.Join('\n', ProcFiles.Threads(sample.Id, "epoll-").OrderBy(thread => thread.Key).Select(thread =>
            $"{thread.Value}: {string.Join(' ', File.ReadLines($"/proc/{sample.Id}/task/{thread.Key}/status").Where(line => line.Contains("ctxt_switches", StringComparison.Ordinal)))}"));
    }
}

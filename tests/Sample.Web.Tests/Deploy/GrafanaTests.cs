using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Deploy;

/// <summary>The dashboard of <c>deploy/grafana</c>: a Prometheus that watches the sample answers each of its queries.</summary>
public sealed class GrafanaTests : IDisposable
{
    /// <summary>More than there are descriptors for, and few enough to wait in the kernel's queue.</summary>
    private const int Clients = 150;

    private readonly GrafanaDashboard _dashboard = new();

    public void Dispose() => _dashboard.Dispose();

    [Fact]
    public void Panels_All_HaveTheirOwnNumberAndPlace()
    {
        var panels = _dashboard.Panels;

        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        var squares = panels.SelectMany(panel =>
        {
            var place = panel.GetProperty("gridPos");
            int Of(string name) => place.GetProperty(name).GetInt32();
            Assert.InRange(Of("x") + Of("w"), 1, 24); // Grafana's grid
            return from x in Enumerable.Range(Of("x"), Of("w")) from y in Enumerable.Range(Of("y"), Of("h")) select (x, y);
        }).ToList();
        Assert.Equal(squares.Count, squares.Distinct().Count());
    }

    [Fact]
    public async Task Queries_OnARunningSample_AllHaveFiguresAndTheLabelsOfTheirLegend()
    {
        await using var sample = await SampleProcess.StartAsync("--loops", "2", "--Sample:Prometheus", "true");
        await FailToAcceptAsync(sample);
        await using var prometheus = await Prometheus.StartAsync(sample);
        await using var traffic = new QuickTraffic(sample, connections: 4);
        using (var client = sample.CreateClient())
        {
            await client.GetStringAsync("/block/200").WithTimeout(Deadline.Short);
        }

        await Deadline.UntilAsync(
            async () => (await prometheus.QueryAsync("count_over_time(http_server_request_duration_seconds_count[1m])")).Any(series => series.Value >= 4), () => "Four scrapes");

        var problems = new List<string>();
        foreach (var query in _dashboard.Queries)
        {
            problems.AddRange(await ProblemsAsync(prometheus, query));
        }

        foreach (var variable in _dashboard.VariableQueries)
        {
            var parts = Regex.Match(variable, @"^label_values\((\w+), (\w+)\)$");
            problems.AddRange(await ProblemsAsync(prometheus, new("variable", parts.Groups[1].Value, $"{{{{{parts.Groups[2].Value}}}}}")));
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
        await traffic.StopAsync();

        // The test sees what it looks for.
        Assert.NotEmpty(await ProblemsAsync(prometheus, new("name", "transport_epoll_turns_total", "")));
        Assert.NotEmpty(await ProblemsAsync(prometheus, new("label", "transport_epoll_loop_turns_total{loop=\"0\"}", "")));
        Assert.NotEmpty(await ProblemsAsync(prometheus, new("legend", "transport_epoll_loop_turns_total", "{{loop}}")));
    }

    private static async Task<List<string>> ProblemsAsync(Prometheus prometheus, GrafanaQuery query)
    {
        var series = await prometheus.QueryAsync(query.Sent);
        var missing = query.LegendLabels.Where(label => series.All(one => !one.Labels.ContainsKey(label))).Select(label => $"{query}: no series has the label {label}");
        return !series.Any(one => double.IsFinite(one.Value)) ? [$"{query}: no figure"] : [.. missing];
    }

    /// <summary>Connects clients while the process can open nothing more, until it could not accept one: that instrument has no series before.</summary>
    private static async Task FailToAcceptAsync(SampleProcess sample)
    {
        using var client = sample.CreateClient();
        async Task<bool> HasFailedAsync() => (await client.GetStringAsync("/metrics").WithTimeout(Deadline.Short)).Contains("transport_epoll_listener_accept_errors_total{", StringComparison.Ordinal);
        Assert.False(await HasFailedAsync()); // also what the connection for this question needs is open now

        var limit = await Tool.RunAsync("prlimit", ["--pid", $"{sample.Id}", $"--nofile={ProcFiles.Descriptors(sample.Id) + 20}:"]);
        Assert.True(limit.ExitCode == 0, limit.Error);
        List<Socket> clients = [];
        try
        {
            for (var i = 0; i < Clients; i++)
            {
                var next = new Socket(SocketType.Stream, ProtocolType.Tcp);
                clients.Add(next);
                await next.ConnectAsync(new IPEndPoint(IPAddress.Loopback, sample.Port)).WithTimeout(Deadline.Short);
            }

            await Deadline.UntilAsync(HasFailedAsync, () => "A failure to accept among the figures");
        }
        finally
        {
            clients.ForEach(waiting => waiting.Dispose());
        }

        var back = await Tool.RunAsync("prlimit", ["--pid", $"{sample.Id}", "--nofile=4096:"]);
        Assert.True(back.ExitCode == 0, back.Error);
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sample.Web.Tests.Support;

/// <summary>Debian's Prometheus, which asks one sample for its figures four times a second.</summary>
internal sealed partial class Prometheus : IAsyncDisposable
{
    private readonly ScratchFolder _folder;
    private readonly RunningTool _process;
    private readonly HttpClient _client;

    private Prometheus(ScratchFolder folder, RunningTool process, int port)
    {
        (_folder, _process) = (folder, process);
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Deadline.Long };
    }

    public static async Task<Prometheus> StartAsync(SampleProcess sample)
    {
        Tool.Require("prometheus", "prometheus");
        var folder = new ScratchFolder();
        await File.WriteAllTextAsync(folder.File("prometheus.yml"), $$"""
            global: { scrape_interval: 250ms, scrape_timeout: 250ms }
            scrape_configs: [ { job_name: sample, static_configs: [ { targets: [ "127.0.0.1:{{sample.Port}}" ] } ] } ]
            """);
        var process = RunningTool.Start("prometheus",
            [$"--config.file={folder.File("prometheus.yml")}", $"--storage.tsdb.path={folder.File("data")}", "--web.listen-address=127.0.0.1:0"]);
        Match listening = Match.Empty;
        await Deadline.UntilAsync(() => process.HasExited || (listening = Listening().Match(process.Log)).Success, "Prometheus listens", Deadline.Long);
        Assert.True(listening.Success, process.Log);
        return new Prometheus(folder, process, int.Parse(listening.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>What a query yields: for each series its labels and its value.</summary>
    public async Task<List<PrometheusSeries>> QueryAsync(string query)
    {
        using var response = await _client.GetAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative)).WithTimeout(Deadline.Long);
        var answer = await response.Content.ReadAsStringAsync().WithTimeout(Deadline.Short);
        Assert.True(response.IsSuccessStatusCode, $"{query}: {answer}");
        using var json = JsonDocument.Parse(answer);
        return [.. json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(series => new PrometheusSeries(
            series.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!),
            double.Parse(series.GetProperty("value")[1].GetString()!.Replace("Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture)))];
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex(@"Listening on.* address=127\.0\.0\.1:(\d+)")]
    private static partial Regex Listening();
}

/// <summary>One series of an answer.</summary>
internal sealed record PrometheusSeries(IReadOnlyDictionary<string, string> Labels, double Value);

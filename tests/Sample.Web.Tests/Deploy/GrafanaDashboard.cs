using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sample.Web.Tests.Deploy;

/// <summary>One query of a panel, and what its lines are called.</summary>
internal sealed record GrafanaQuery(string Panel, string Expression, string Legend)
{
    /// <summary>As Grafana sends it, where $__rate_interval is at least four scrapes.</summary>
    public string Sent => Expression.Replace("$__rate_interval", "5s", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal);

    /// <summary>The labels that the lines' names show.</summary>
    public IEnumerable<string> LegendLabels => Regex.Matches(Legend, @"{{\s*(\w+)\s*}}").Select(match => match.Groups[1].Value);

    public override string ToString() => $"{Panel}: {Expression}";
}

/// <summary>The file <c>deploy/grafana/transport-epoll.json</c>.</summary>
internal sealed class GrafanaDashboard : IDisposable
{
    private readonly JsonDocument _json = JsonDocument.Parse(DeployFiles.Read("grafana/transport-epoll.json"));

    public List<JsonElement> Panels => [.. _json.RootElement.GetProperty("panels").EnumerateArray()];

    public List<GrafanaQuery> Queries => [.. Panels.Where(panel => panel.TryGetProperty("targets", out _)).SelectMany(panel => panel.GetProperty("targets").EnumerateArray()
        .Select(target => new GrafanaQuery(panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!, target.GetProperty("legendFormat").GetString()!)))];

    /// <summary>The queries for what a reader can choose, as <c>label_values(metric, label)</c>.</summary>
    public List<string> VariableQueries => [.. _json.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
        .Where(variable => variable.GetProperty("type").GetString() == "query").Select(variable => variable.GetProperty("definition").GetString()!)];

    public void Dispose() => _json.Dispose();
}

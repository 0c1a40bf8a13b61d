using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>
/// The results of one call of the benchmark, in a folder of their own below <c>bench/results</c>: report.md, runs.json with every raw run, and
/// charts. Written again after each scenario, so that nothing is lost when the run is broken off.
/// </summary>
internal sealed class ResultFolder(Machine machine, string commandLine)
{
    private static readonly JsonSerializerOptions s_format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private readonly List<ScenarioReport> _reports = [];
    private readonly Dictionary<string, object> _raw = [];

    public Machine Machine => machine;

    public IReadOnlyList<ScenarioReport> Reports => _reports;

    private string FolderPath => Path.Combine(Repository.Root, "bench", "results", _started.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));

    public void Add(ScenarioReport report)
    {
        _reports.Add(report);
        Write();
        Charts.Write(_reports, FolderPath);
    }

    /// <summary>Keeps runs of a scenario whose report is its own.</summary>
    public void AddRaw(string scenario, object data)
    {
        _raw[scenario] = data;
        Write();
    }

    /// <summary>Keeps a text that a scenario wrote itself.</summary>
    public void AddOwn(string file, string text) => File.WriteAllText(PathOf(file), text);

    /// <summary>Where a file of the results is, or is to be.</summary>
    public string PathOf(string file)
    {
        Directory.CreateDirectory(FolderPath);
        return Path.Combine(FolderPath, file);
    }

    /// <summary>Says where everything is.</summary>
    public void Announce()
    {
        if (Directory.Exists(FolderPath))
        {
            Console.Error.WriteLine($"Results: {Path.GetRelativePath(Environment.CurrentDirectory, FolderPath)}");
        }
    }

    private void Write()
    {
        Directory.CreateDirectory(FolderPath);
        var document = new { date = _started, machine, commandLine, scenarios = _reports, others = _raw };
        File.WriteAllText(Path.Combine(FolderPath, "runs.json"), JsonSerializer.Serialize(document, s_format) + "\n");

        var text = new StringBuilder();
        text.AppendLine("# Benchmark").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{_started:yyyy-MM-dd HH:mm} UTC; {machine}; `{commandLine}`.");
        text.AppendLine("Medians (minimum–maximum); ratios are to sockets, taken round by round.");
        foreach (var report in _reports)
        {
            text.Append(LoadReport.Write(report));
        }

        File.WriteAllText(Path.Combine(FolderPath, "report.md"), text.ToString());
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>Keeps the raw runs of a scenario under <c>bench/results</c>, with what is needed to judge them.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions s_format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(string scenario, object data)
    {
        var now = DateTimeOffset.UtcNow;
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "bench", "results")).FullName;
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMdd-HHmmss}-{scenario}.json"));
        var document = new { scenario, date = now, machine = Machine(), data };
        File.WriteAllText(path, JsonSerializer.Serialize(document, s_format) + "\n");
        Console.Error.WriteLine($"Raw runs: {Path.GetRelativePath(Environment.CurrentDirectory, path)}");
    }

    private static object Machine() => new
    {
        processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim(),
        processors = Environment.ProcessorCount,
        kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        system = RuntimeInformation.OSDescription,
        runtime = RuntimeInformation.FrameworkDescription,
    };
}

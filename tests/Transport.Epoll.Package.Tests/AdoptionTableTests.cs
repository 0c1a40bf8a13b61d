using System.Diagnostics;
using System.Globalization;
using System.Text;
using Transport.Epoll.Package.Tests.Support;
using Xunit.Abstractions;

namespace Transport.Epoll.Package.Tests;

/// <summary>
/// Measures what the package costs before the first request: the table of docs/adoption.md, which is written to artifacts/package-tests/adoption.md too.
/// TRANSPORT_EPOLL_REUSE=1 measures the apps that an earlier run has published.
/// </summary>
[Collection(PackageTests.Name)]
[Trait("Size", "Long")]
public sealed class AdoptionTableTests(PackageFixture package, ITestOutputHelper output)
{
    private const int Starts = 9;

    private static readonly string s_results = Repository.File("artifacts/package-tests");

    [Fact]
    public async Task Table_EveryKind_HasSizeMemoryAndTimeBesideSockets()
    {
        var table = new StringBuilder("| published as | transport | size, MB | RSS, MB | first answer, ms |\n|---|---|---|---|---|\n");
        foreach (var kind in PublishKind.All)
        {
            var apps = new[] { await PublishAsync(kind, "sockets"), await PublishAsync(kind, "epoll") };
            var starts = new[] { new List<FirstAnswer>(), new List<FirstAnswer>() };
            for (var i = 0; i <= Starts; i++)
            {
                for (var each = 0; each < apps.Length; each++)
                {
                    starts[each].Add(await FirstAnswer.MeasureAsync(Program(apps[each]), kind.Path));
                }
            }

            for (var each = 0; each < apps.Length; each++)
            {
                var counted = starts[each].Skip(1).ToArray(); // the first of them reads from the disk
                table.Append(CultureInfo.InvariantCulture, $"| {kind.Name} | {(each == 0 ? "Sockets" : "epoll")} | {Size(apps[each]):F2} | ");
                table.Append(CultureInfo.InvariantCulture, $"{Spread(counted.Select(start => start.Rss / 1024.0))} | {Spread(counted.Select(start => start.Milliseconds))} |\n");
            }
        }

        output.WriteLine(table.ToString());
        await File.WriteAllTextAsync(Path.Combine(s_results, "adoption.md"), table.ToString());
        Assert.Equal(2 + (2 * PublishKind.All.Count), table.ToString().Split('\n').Length - 1);
    }

    private async Task<string> PublishAsync(PublishKind kind, string transport)
    {
        var published = Path.Combine(s_results, "published", $"{kind.FolderName}-{transport}");
        if (Environment.GetEnvironmentVariable("TRANSPORT_EPOLL_REUSE") == "1" && Directory.Exists(published))
        {
            return published;
        }

        var name = $"table-{kind.FolderName}-{transport}";
        var app = transport == "epoll"
            ? await AppFolder.CreateWithTransportAsync(package, kind.Template, name)
            : await AppFolder.CreateAsync(package, kind.Template, name);
        return await app.PublishAsync(published, kind.Arguments);
    }

    /// <summary>The executable, which has its name from the project; assemblies and settings have an extension.</summary>
    private static string Program(string folder) =>
        Directory.EnumerateFiles(folder, "table-*").Single(file => Path.GetExtension(file).Length == 0);

    /// <summary>Without symbols, which nobody deploys.</summary>
    private static double Size(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
        .Where(file => file.Extension is not (".pdb" or ".dbg")).Sum(file => file.Length) / 1e6;

    private static string Spread(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Length / 2]:F0} ({sorted[0]:F0}–{sorted[^1]:F0})");
    }

    /// <summary>The time from the start of the process to its first answer, and its memory then in KiB.</summary>
    private sealed record FirstAnswer(double Milliseconds, int Rss)
    {
        public static async Task<FirstAnswer> MeasureAsync(string program, string path)
        {
            var clock = Stopwatch.StartNew();
            await using var running = await RunningApp.StartAsync(Path.GetDirectoryName(program)!, program, "--urls", "http://127.0.0.1:0");
            await running.GetAsync(path);
            var time = clock.Elapsed;
            var rss = File.ReadLines($"/proc/{running.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return new FirstAnswer(time.TotalMilliseconds, int.Parse(rss.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture));
        }
    }
}

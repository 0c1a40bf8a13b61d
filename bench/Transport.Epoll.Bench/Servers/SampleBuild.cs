namespace Transport.Epoll.Bench.Servers;

/// <summary>The binary under test: built once, into a folder of its own, so that nothing rebuilds it while servers run from it.</summary>
internal sealed class SampleBuild : IDisposable
{
    private readonly string? _temporaryFolder;

    private SampleBuild(string path, string? temporaryFolder) => (AssemblyPath, _temporaryFolder) = (path, temporaryFolder);

    public string AssemblyPath { get; }

    /// <summary>That of another commit.</summary>
    public string? BeforePath { get; private init; }

    public static async Task<SampleBuild> CreateAsync(BenchOptions options, CancellationToken cancellation)
    {
        foreach (var given in new[] { options.SamplePath, options.BeforePath })
        {
            if (given is not null && !File.Exists(given))
            {
                throw new BenchException($"{given} does not exist.");
            }
        }

        if (options.SamplePath is { } path)
        {
            return new SampleBuild(path, null) { BeforePath = options.BeforePath };
        }

        var folder = Directory.CreateTempSubdirectory("transport-epoll-bench-").FullName;
        try
        {
            Console.Error.WriteLine("Building the sample …");
            await Tool.RunAsync(
                "dotnet",
                ["publish", Path.Combine(Repository.Root, "src/Sample.Web/Sample.Web.csproj"), "-c", "Release", "-o", folder, "-nodeReuse:false", "-p:UseSharedCompilation=false"],
                cancellation);
            return new SampleBuild(Path.Combine(folder, "Sample.Web.dll"), folder) { BeforePath = options.BeforePath };
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    public void Dispose()
    {
        if (_temporaryFolder is not null)
        {
            Directory.Delete(_temporaryFolder, recursive: true);
        }
    }
}

using System.Runtime.InteropServices;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>A copy of the sample's output folder, to take files out of.</summary>
internal sealed class CopiedSample : IDisposable
{
    public CopiedSample()
    {
        var source = FindOutput();
        var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        var native = System.IO.Path.Combine(source, "runtimes", $"linux-{architecture}", "lib", "netstandard2.0");
        foreach (var folder in new[] { source, native }.Where(Directory.Exists))
        {
            foreach (var file in Directory.GetFiles(folder))
            {
                System.IO.File.Copy(file, File(System.IO.Path.GetFileName(file)));
            }
        }

        // The host refuses to start when a file of this list is missing; without the list it takes what lies in the folder.
        Delete("Sample.Web.deps.json");
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("te-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Delete(string name)
    {
        Assert.True(System.IO.File.Exists(File(name)), $"{name} is not there to be deleted");
        System.IO.File.Delete(File(name));
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>It lies where this project's output does, in either layout of build outputs.</summary>
    private static string FindOutput()
    {
        var own = AppContext.BaseDirectory;
        string[] candidates =
        [
            own.Replace("/tests/Transport.Epoll.Tests/", "/src/Sample.Web/", StringComparison.Ordinal),
            own.Replace("/bin/Transport.Epoll.Tests/", "/bin/Sample.Web/", StringComparison.Ordinal),
        ];
        return candidates.First(candidate => System.IO.File.Exists(System.IO.Path.Combine(candidate, "Sample.Web.dll")));
    }
}

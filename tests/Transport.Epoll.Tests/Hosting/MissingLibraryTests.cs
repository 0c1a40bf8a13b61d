using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>An app whose Tmds.LibC.dll is missing, as on a system that it has no asset for.</summary>
public sealed partial class MissingLibraryTests
{
    private const string NativeAssembly = "Tmds.LibC.dll";

    [Fact]
    public async Task UseEpollTransport_NativeAssemblyPresent_ServesOnEpoll()
    {
        using var folder = new CopiedSample();

        var (info, output) = await RunAsync(folder);

        Assert.Contains("\"epoll\"", info, StringComparison.Ordinal);
        Assert.DoesNotContain(output, line => line.Contains(NativeAssembly, StringComparison.Ordinal));
    }

    [Fact]
    public async Task UseEpollTransport_NativeAssemblyMissing_ServesOnSocketsAndSaysWhyOnce()
    {
        using var folder = new CopiedSample();
        folder.Delete(NativeAssembly);

        var (info, output) = await RunAsync(folder);

        Assert.Contains("\"sockets\"", info, StringComparison.Ordinal);
        Assert.Single(output, line => line.Contains("Tmds.LibC", StringComparison.Ordinal));
        Assert.Single(output, line => line.Contains(": Transport.Epoll[", StringComparison.Ordinal));
    }

    private static async Task<(string Info, IReadOnlyCollection<string> Output)> RunAsync(CopiedSample folder)
    {
        var output = new ConcurrentQueue<string>();
        using var child = Start(folder, output);
        try
        {
            await Waiting.UntilAsync(() => Address(output) is not null || child.HasExited, TimeSpan.FromSeconds(30));
            Assert.False(child.HasExited, string.Join('\n', output));
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            return (await client.GetStringAsync(new Uri(Address(output)!, "info")).WithTimeout(), output);
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync().WithTimeout();
        }
    }

    private static Uri? Address(IEnumerable<string> output) => output
        .Select(line => Listening().Match(line))
        .Where(match => match.Success)
        .Select(match => new Uri(match.Groups[1].Value))
        .FirstOrDefault();

    private static Process Start(CopiedSample folder, ConcurrentQueue<string> output)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        foreach (var argument in new[] { folder.File("Sample.Web.dll"), "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Information" })
        {
            start.ArgumentList.Add(argument);
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();
}

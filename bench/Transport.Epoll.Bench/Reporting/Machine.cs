using System.Runtime.InteropServices;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>Where figures come from; without it they can't be judged.</summary>
internal sealed record Machine(string? Processor, int Processors, string Kernel, string System, string Runtime, string Commit)
{
    public static async Task<Machine> ReadAsync(CancellationToken cancellation) => new(
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim(),
        Environment.ProcessorCount,
        (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", cancellation)).Trim(),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        await CommitAsync(cancellation));

    public override string ToString() => $"{Processors} × {Processor}, {System}, kernel {Kernel}, {Runtime}, commit {Commit}";

    private static async Task<string> CommitAsync(CancellationToken cancellation)
    {
        try
        {
            return (await Tool.RunAsync("git", ["-C", Repository.Root, "describe", "--always", "--dirty", "--abbrev=12"], cancellation)).Trim();
        }
        catch (Exception e) when (e is BenchException or global::System.ComponentModel.Win32Exception)
        {
            // Not a working copy, or no git.
            return "unknown";
        }
    }
}

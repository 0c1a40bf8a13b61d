using System.Diagnostics;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Kernel;

/// <summary>strace(1), attached to all threads of a process, or to one, until <see cref="DetachAsync"/>.</summary>
internal sealed class Strace : IDisposable
{
    private readonly Process _process;
    private readonly string _file;
    private readonly Task<string> _error;

    private Strace(Process process, string file, Task<string> error)
    {
        _process = process;
        _file = file;
        _error = error;
    }

    public static Task<Strace> AttachAsync(int processId, string file, params string[] options) => AttachToThreadAsync(processId, file, ["-f", .. options]);

    /// <summary>To this one of a process's threads.</summary>
    public static async Task<Strace> AttachToThreadAsync(int threadId, string file, params string[] options)
    {
        Tool.Require("strace", "strace");
        var process = Tool.Start("strace", ["-o", file, .. options, "-p", $"{threadId}"]);

        // The first line says that it is attached, or why it cannot be.
        var line = await process.StandardError.ReadLineAsync().WithTimeout(Deadline.Short);
        Assert.Contains("attached", line, StringComparison.Ordinal);
        return new Strace(process, file, process.StandardError.ReadToEndAsync());
    }

    /// <summary>Ends the trace and returns what it wrote.</summary>
    public async Task<string> DetachAsync()
    {
        Signals.Interrupt(_process.Id);
        await _process.WaitForExitAsync().WithTimeout(Deadline.Short);
        await _error.WithTimeout(Deadline.Short);
        return await File.ReadAllTextAsync(_file);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}

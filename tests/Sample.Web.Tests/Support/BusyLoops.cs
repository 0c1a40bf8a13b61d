using System.Diagnostics;

namespace Sample.Web.Tests.Support;

/// <summary>Processes that want all of processor 0, and share it with whatever else is bound to it.</summary>
internal sealed class BusyLoops : IDisposable
{
    private readonly List<Process> _processes = [];

    public BusyLoops(int count)
    {
        for (var i = 0; i < count; i++)
        {
            // A minute of processor time each, should nobody be left to end them.
            _processes.Add(Tool.Start("taskset", ["-c", "0", "sh", "-c", "ulimit -t 60; while :; do :; done"]));
        }
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}

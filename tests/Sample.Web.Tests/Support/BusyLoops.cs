using System.Diagnostics;

namespace Sample.Web.Tests.Support;

/// <summary>Processes that want all of processor 0, and share it with whatever else is bound to it; or all of every processor.</summary>
internal sealed class BusyLoops : IDisposable
{
    private readonly List<Process> _processes = [];

    public BusyLoops(int count, bool onAll = false)
    {
        for (var i = 0; i < count; i++)
        {
            // A minute of processor time each, should nobody be left to end them.
            string[] loop = ["sh", "-c", "ulimit -t 60; while :; do :; done"];
            _processes.Add(onAll ? Tool.Start(loop[0], loop[1..]) : Tool.Start("taskset", ["-c", "0", .. loop]));
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

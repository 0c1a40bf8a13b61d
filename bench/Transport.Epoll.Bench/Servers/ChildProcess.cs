using System.Diagnostics;

namespace Transport.Epoll.Bench.Servers;

/// <summary>A server program that runs until it is disposed: SIGTERM first, then, if it does not go, SIGKILL to it and its children. One caller at a time.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly ServerOutput _output = new();
    private readonly string _name;

    private ChildProcess(string name, Process process)
    {
        _name = name;
        _process = process;
        _process.OutputDataReceived += (_, e) => _output.Add(e.Data);
        _process.ErrorDataReceived += (_, e) => _output.Add(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>After its end.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines that it wrote.</summary>
    public string Output => _output.ToString();

    /// <param name="name">Who it is, for messages.</param>
    /// <param name="pinned">Whether it is bound to processor 0.</param>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ChildProcess Start(string name, bool pinned, string file, params IEnumerable<string> arguments)
    {
        var start = pinned ? new ProcessStartInfo("taskset", ["-c", "0", file, .. arguments]) : new ProcessStartInfo(file, arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment.Remove("ASPNETCORE_URLS");
        return new ChildProcess(name, Process.Start(start) ?? throw new BenchException($"{file} did not start."));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signals.Send(_process.Id, Signals.Terminate);
            using var limit = new CancellationTokenSource(s_stopLimit);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Console.Error.WriteLine($"{_name} did not stop within {s_stopLimit.TotalSeconds} s of SIGTERM and was killed.");
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }
}

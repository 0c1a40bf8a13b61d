using System.Diagnostics;

namespace Sample.Web.Tests.Support;

/// <summary>A program that runs until it is told to end (SIGTERM); stopped and awaited on dispose.</summary>
internal sealed class RunningTool : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly System.Text.StringBuilder _error = new();

    private RunningTool(Process process)
    {
        _process = process;
        process.StandardInput.Close();
        _output = process.StandardOutput.ReadToEndAsync();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_error)
            {
                _error.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it has written to its error output so far.</summary>
    public string Log
    {
        get
        {
            lock (_error)
            {
                return _error.ToString();
            }
        }
    }

    public static RunningTool Start(string name, IEnumerable<string> arguments) => new(Tool.Start(name, arguments));

    public async ValueTask DisposeAsync()
    {
        try
        {
            Signals.Terminate(_process.Id);
            await _process.WaitForExitAsync().WithTimeout(Deadline.Short);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync().WithTimeout(Deadline.Short);
        }

        await _output.WithTimeout(Deadline.Short);
        _process.Dispose();
    }
}

using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>
/// Measures a load on a server that is stopped as a whole again and again, in the middle of whatever it does, as a debugger or a busy host stops it
/// (SIGSTOP and SIGCONT, signal(7)). No handler is to blame for that: the Auto mode must not change anything.
/// </summary>
internal sealed class BesidePauses(ILoadGenerator measured, TimeSpan pause, TimeSpan every) : ILoadGenerator
{
    public IEnumerable<string> Tools => measured.Tools;

    public IEnumerable<string> OtherPaths => measured.OtherPaths;

    public string Describe(string address, int seconds) =>
        $"{measured.Describe(address, seconds)}, the server stopped for {pause.TotalMilliseconds} ms every {every.TotalSeconds} s";

    public async Task<LoadResult> RunAsync(ServerProcess server, string path, int seconds, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var processes = server.Processes;
        var pauses = Task.Run(() => PauseAsync(processes, end.Token), CancellationToken.None);
        LoadResult result;
        try
        {
            result = await measured.RunAsync(server, path, seconds, cancellation);
        }
        finally
        {
            // Also when the load failed: a stopped process could not be ended.
            await end.CancelAsync();
            await pauses;
        }

        return result.With("pauses", await pauses);
    }

    /// <summary>Returns how many there were; at its end everybody runs.</summary>
    private async Task<int> PauseAsync(IReadOnlyList<int> processes, CancellationToken end)
    {
        for (var pauses = 0; ; pauses++)
        {
            try
            {
                await Task.Delay(every - pause, end);
                Send(processes, Signals.Stop);
                await Task.Delay(pause, end);
            }
            catch (OperationCanceledException)
            {
                return pauses;
            }
            finally
            {
                Send(processes, Signals.Continue);
            }
        }
    }

    private static void Send(IReadOnlyList<int> processes, int signal)
    {
        foreach (var process in processes)
        {
            Signals.Send(process, signal);
        }
    }
}

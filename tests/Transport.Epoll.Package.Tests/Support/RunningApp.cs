using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Transport.Epoll.Package.Tests.Support;

/// <summary>An app as a child process; stopped on dispose.</summary>
internal sealed partial class RunningApp : IAsyncDisposable
{
    /// <summary>How the transport says that it serves.</summary>
    public const string ServingLine = "Serving with epoll: loops ";

    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(120); // `dotnet run` builds, and an emulator is slow
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _output;
    private readonly Task _error;

    private RunningApp(Process process)
    {
        _process = process;
        process.StandardInput.Close();
        _output = ReadAsync(process.StandardOutput);
        _error = ReadAsync(process.StandardError);
    }

    public string Log => string.Join('\n', _log);

    public int Id => _process.Id;

    /// <summary>Starts a command and waits until the app listens.</summary>
    public static async Task<RunningApp> StartAsync(string folder, string command, params string[] arguments)
    {
        var app = new RunningApp(Command.Start(folder, command, arguments));
        try
        {
            await app._address.Task.WaitAsync(s_startLimit);
            return app;
        }
        catch (Exception exception) when (exception is TimeoutException or EndOfStreamException)
        {
            await app.DisposeAsync();
            throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} does not listen:\n{app.Log}", exception);
        }
    }

    public async Task<Uri> AddressAsync() => await _address.Task.WaitAsync(s_limit);

    public async Task<string> GetAsync(string path = "/")
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = s_limit };
        return await client.GetStringAsync(new Uri(await AddressAsync(), path));
    }

    /// <summary>The line comes from another thread than those of Kestrel, so perhaps after them.</summary>
    public async Task<string> WaitForAsync(string text)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < s_limit; await Task.Delay(20))
        {
            if (_log.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }
        }

        throw new TimeoutException($"No line has '{text}':\n{Log}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            try
            {
                await _process.WaitForExitAsync().WaitAsync(s_limit);
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        await Task.WhenAll(_output, _error).WaitAsync(s_limit);
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            _log.Enqueue(line);
            if (Listening().Match(line) is { Success: true } match)
            {
                _address.TrySetResult(new Uri(match.Groups[1].Value));
            }
        }

        if (reader == _process.StandardOutput)
        {
            _address.TrySetException(new EndOfStreamException("The app ended."));
        }
    }

    [GeneratedRegex(@"listening on:? (\w+://\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex Listening();
}

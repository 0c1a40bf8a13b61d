using System.Collections.Concurrent;
using System.Diagnostics;

namespace Sample.Web.Tests.Support;

/// <summary>The built sample as a child process; stopped and awaited on dispose.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    public const string AnyPort = "http://127.0.0.1:0";

    private const string AddressPrefix = "Now listening on: ";
    private const string StartedPrefix = "Application started.";

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly List<string> _addresses = [];
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _output;
    private readonly Task _error;
    private bool _disposed;

    private SampleProcess(Process process)
    {
        _process = process;
        process.StandardInput.Close();
        _output = ReadAsync(process.StandardOutput);
        _error = ReadAsync(process.StandardError);
    }

    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "Sample.Web.dll");

    public static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The first address, without a slash at the end.</summary>
    public string Address => _addresses[0];

    public IReadOnlyList<string> Addresses => _addresses;

    public int Port => new Uri(Address).Port;

    /// <summary>What the sample wrote so far, warnings and all.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Starts the sample on a free port unless the arguments name addresses, and waits until it listens.</summary>
    public static async Task<SampleProcess> StartAsync(params string[] arguments)
    {
        var urls = arguments.Contains("--urls") ? Array.Empty<string>() : ["--urls", AnyPort];
        var sample = Launch(Dotnet, [Assembly, .. urls, .. arguments]);
        await sample.WaitUntilStartedAsync();
        return sample;
    }

    /// <summary>Starts a command that ends up as the sample, without waiting for it.</summary>
    public static SampleProcess Launch(string command, IEnumerable<string> arguments) => new(Tool.Start(command, arguments));

    public async Task WaitUntilStartedAsync()
    {
        try
        {
            await _started.Task.WaitAsync(Deadline.Long);
        }
        catch (Exception exception) when (exception is TimeoutException or EndOfStreamException)
        {
            await DisposeAsync();
            throw new InvalidOperationException($"The sample did not start:\n{Log}", exception);
        }
    }

    /// <summary>Asks the sample to stop and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signals.Terminate(_process.Id);
        await _process.WaitForExitAsync().WaitAsync(Deadline.Short);
        return _process.ExitCode;
    }

    public HttpClient CreateClient() => new() { BaseAddress = new Uri(Address), Timeout = Deadline.Short };

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        try
        {
            if (!_process.HasExited)
            {
                await StopAsync();
            }
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync().WaitAsync(Deadline.Short);
        }

        await Task.WhenAll(_output, _error).WaitAsync(Deadline.Short);
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            _log.Enqueue(line);
            if (line.StartsWith(AddressPrefix, StringComparison.Ordinal))
            {
                _addresses.Add(line[AddressPrefix.Length..]);
            }
            else if (line.StartsWith(StartedPrefix, StringComparison.Ordinal))
            {
                _started.TrySetResult();
            }
        }

        if (reader == _process.StandardOutput)
        {
            _started.TrySetException(new EndOfStreamException("The sample ended."));
        }
    }
}

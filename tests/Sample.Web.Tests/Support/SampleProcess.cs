using System.Collections.Concurrent;
using System.Diagnostics;

namespace Sample.Web.Tests.Support;

/// <summary>The built sample as a child process; stopped and awaited on dispose.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    public const string AnyPort = "http://127.0.0.1:0";

    private const string AddressPrefix = "Now listening on: ";
    private const string StartedPrefix = "Application started.";

    private static readonly ConcurrentDictionary<int, SampleProcess> s_running = new();

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
        s_running[process.Id] = this;
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
            await _started.Task.WithTimeout(Deadline.Long);
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
        await _process.WaitForExitAsync().WithTimeout(Deadline.Short);
        return _process.ExitCode;
    }

    /// <summary>Its own limit is for what is under no other: that of <see cref="Deadline"/> is shorter, and tells more.</summary>
    public HttpClient CreateClient() => new() { BaseAddress = new Uri(Address), Timeout = 2 * Deadline.Long };

    /// <summary>What all samples that were not disposed are doing, for the message of a wait that was in vain.</summary>
    public static string DumpAll() => string.Join('\n', s_running.Values.Select(sample => $"Sample {sample.Id}:\n{ThreadStates.Dump(sample.Id)}\nIts log:\n{sample.Log}"));

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
            await _process.WaitForExitAsync().WithTimeout(Deadline.Short);
        }

        await Task.WhenAll(_output, _error).WithTimeout(Deadline.Short);
        s_running.TryRemove(Id, out _);
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

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Transport.Epoll.Bench.Servers;

/// <summary>One running contender, in a process and on a port of its own. Disposing ends the process. One caller at a time.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly ServerOutput _output = new();
    private readonly SocketsHttpHandler _handler = new() { UseProxy = false };

    private ServerProcess(Contender contender, Process process, Uri address, bool http2)
    {
        Contender = contender;
        Address = address;
        _process = process;
        _process.OutputDataReceived += (_, e) => _output.Add(e.Data);
        _process.ErrorDataReceived += (_, e) => _output.Add(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Http = new HttpClient(_handler)
        {
            BaseAddress = address,
            DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(30),
        };

        // A connection that idles in a pool would count as the server's.
        Http.DefaultRequestHeaders.ConnectionClose = http2 ? null : true;
    }

    public Contender Contender { get; }

    public Uri Address { get; }

    public int Id => _process.Id;

    public HttpClient Http { get; }

    public static async Task<ServerProcess> StartAsync(SampleBuild sample, Contender contender, int? loops, bool http2, CancellationToken cancellation)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        List<string> arguments = [sample.AssemblyPath, .. contender.Arguments, "--urls", address.GetLeftPart(UriPartial.Authority)];
        if (loops is { } count)
        {
            arguments.AddRange(["--loops", $"{count}"]);
        }

        if (http2)
        {
            arguments.AddRange(["--Kestrel:EndpointDefaults:Protocols", "Http2"]);
        }

        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(sample.AssemblyPath),
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment.Remove("ASPNETCORE_URLS");
        var process = Process.Start(start) ?? throw new BenchException("dotnet did not start.");
        var server = new ServerProcess(contender, process, address, http2);
        try
        {
            await server.WaitUntilServingAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _handler.Dispose();
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, SigTerm);
            using var limit = new CancellationTokenSource(s_stopLimit);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Console.Error.WriteLine($"{Contender.Name} did not stop within {s_stopLimit.TotalSeconds} s of SIGTERM and was killed.");
                _process.Kill();
            }
        }

        _process.Dispose();
    }

    private async Task WaitUntilServingAsync(CancellationToken cancellation)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            if (_process.HasExited || clock.Elapsed > s_startLimit)
            {
                throw new BenchException($"{Contender.Name} does not serve {Address}.{Environment.NewLine}{_output}");
            }

            try
            {
                using var response = await Http.GetAsync("/info", cancellation);
                response.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException e) when (e.StatusCode is null)
            {
                // Not listening yet.
                await Task.Delay(50, cancellation);
            }
            catch (HttpRequestException e)
            {
                throw new BenchException($"{Contender.Name}: /info answers {(int?)e.StatusCode}.");
            }
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}

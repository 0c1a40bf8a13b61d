using System.Diagnostics;
using System.Text;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests;

/// <summary>The sample with <c>--https epoll</c>, before clients that are not .NET's.</summary>
public class EpollHttpsTests
{
    private const string Request = "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n";

    public EpollHttpsTests()
    {
        Tool.Require("curl", "curl");
        Tool.Require("openssl", "openssl");
    }

    [Theory]
    [InlineData("--urls", "https://127.0.0.1:0")]
    [InlineData("--urls", "http://127.0.0.1:0", "--Kestrel:Endpoints:Any:Url", "https://127.0.0.1:0")] // the configuration wins
    public async Task Curl_Http2AndHttp1_AreServed(params string[] endpoint)
    {
        await using var sample = await SampleProcess.StartAsync(["--https", "epoll", "--Logging:LogLevel:Transport.Epoll", "Debug", .. endpoint]);

        Assert.StartsWith("https://", sample.Address, StringComparison.Ordinal);
        foreach (var version in new[] { "2", "1.1" })
        {
            var result = await Tool.RunAsync("curl", ["--silent", "--show-error", "--insecure", $"--http{version}", "--max-time", "10", "--write-out", " %{http_version}", sample.Address + "/plaintext"]);
            Assert.Equal($"Hello, World! {version}", result.Output);
        }

        await Deadline.UntilAsync(() => sample.Log.Contains("speaks Tls13", StringComparison.Ordinal), "the transport's own line");
    }

    [Fact]
    public async Task Start_SomeUrlsAreHttp_IsRefused()
    {
        var result = await Tool.RunAsync(SampleProcess.Dotnet, [SampleProcess.Assembly, "--https", "epoll", "--urls", "http://127.0.0.1:0;https://127.0.0.1:0"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--https Epoll is for", result.Error, StringComparison.Ordinal);
    }

    /// <summary>The client takes new keys and asks for new ones; both go on.</summary>
    [Theory]
    [InlineData("Auto")]
    [InlineData("Inline")]
    [InlineData("ThreadPool")]
    public async Task OpenSsl_KeyUpdateInTls13_GoesOn(string scheduling)
    {
        await using var sample = await SampleProcess.StartAsync("--https", "epoll", "--urls", "https://127.0.0.1:0", "--scheduling", scheduling);
        await using var client = Client.Start(sample.Port, "-tls1_3");
        await client.AskAsync(Request, "Hello, World!", times: 1);

        await client.AskAsync("K\n", "KEYUPDATE", times: 1);

        await client.AskAsync(Request, "Hello, World!", times: 2);
    }

    [Theory]
    [InlineData("Auto")]
    [InlineData("Inline")]
    [InlineData("ThreadPool")]
    public async Task OpenSsl_RenegotiationInTls12_IsRefused(string scheduling)
    {
        await using var sample = await SampleProcess.StartAsync("--https", "epoll", "--urls", "https://127.0.0.1:0", "--scheduling", scheduling);
        await using var client = Client.Start(sample.Port, "-tls1_2");
        await client.AskAsync(Request, "Hello, World!", times: 1);

        await client.AskAsync("R\n", "RENEGOTIATING", times: 1);

        await client.EndAsync();
        Assert.Equal(2, client.Output.Split("Hello, World!").Length);
    }

    /// <summary><c>openssl s_client</c>, which takes a letter at the begin of a line for a command.</summary>
    private sealed class Client : IAsyncDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _output = new();
        private readonly Task _reading;

        private Client(Process process)
        {
            _process = process;
            _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        }

        public string Output
        {
            get
            {
                lock (_output)
                {
                    return _output.ToString();
                }
            }
        }

        public static Client Start(int port, string version) => new(Tool.Start("openssl", ["s_client", "-connect", $"127.0.0.1:{port}", version]));

        public async Task AskAsync(string input, string answer, int times)
        {
            await _process.StandardInput.WriteAsync(input);
            await _process.StandardInput.FlushAsync();
            await Deadline.UntilAsync(() => Output.Split(answer).Length > times, $"{answer}, {times} times");
        }

        public Task EndAsync() => _process.WaitForExitAsync().WithTimeout(Deadline.Short);

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            await EndAsync();
            await _reading.WithTimeout(Deadline.Short);
            _process.Dispose();
        }

        private async Task ReadAsync(StreamReader reader)
        {
            var buffer = new char[4096];
            for (int read; (read = await reader.ReadAsync(buffer)) > 0;)
            {
                lock (_output)
                {
                    _output.Append(buffer, 0, read);
                }
            }
        }
    }
}

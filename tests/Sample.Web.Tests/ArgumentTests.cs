using Sample.Web.Tests.Support;

namespace Sample.Web.Tests;

public class ArgumentTests
{
    [Theory]
    [InlineData("--transport cannot be 'quic'; allowed are epoll, sockets, sockets-inline", "--transport", "quic")]
    [InlineData("--loops cannot be '0'; allowed are whole numbers from 1 to 1024", "--loops", "0")]
    [InlineData("--loops cannot be 'two'; allowed are whole numbers from 1 to 1024", "--loops=two")]
    [InlineData("--scheduling cannot be '1'; allowed are Auto, Inline, ThreadPool", "--scheduling", "1")]
    [InlineData("--https cannot be 'openssl'; allowed are Kestrel, Epoll", "--https", "openssl")]
    [InlineData("--transport needs a value; allowed are epoll, sockets, sockets-inline", "--transport")]
    [InlineData("unknown argument '--port'; allowed are --transport, --loops, --scheduling, --https, --urls", "--port", "80")]
    [InlineData("unknown argument 'epoll'; allowed are --transport, --loops, --scheduling, --https, --urls", "epoll")]
    public async Task Start_UnknownArgument_ListsWhatIsAllowed(string message, params string[] arguments)
    {
        var result = await Tool.RunAsync(SampleProcess.Dotnet, [SampleProcess.Assembly, .. arguments]);

        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Start_AddressInUse_SaysSoInOneLine()
    {
        await using var first = await SampleProcess.StartAsync();

        var second = await Tool.RunAsync(SampleProcess.Dotnet, [SampleProcess.Assembly, "--urls", first.Address]);

        Assert.Equal(1, second.ExitCode);
        Assert.Contains("address already in use", second.Error, StringComparison.Ordinal);
        Assert.Single(second.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Start_ValuesInAnyCaseAndForm_AreUnderstood()
    {
        await using var sample = await SampleProcess.StartAsync(
            "--transport=Sockets-Inline", "--loops=2", "--scheduling", "threadpool", "--Kestrel:Limits:MaxRequestBodySize", "1000", "--environment", "Staging");
        using var client = sample.CreateClient();

        Assert.Contains("\"transport\":\"sockets-inline\"", await client.GetStringAsync(new Uri("/info", UriKind.Relative)).WithTimeout(Deadline.Short), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_LoggingKey_TurnsLoggingOn()
    {
        await using var quiet = await SampleProcess.StartAsync();
        await using var sample = await SampleProcess.StartAsync("--Logging:LogLevel:Default", "Information");

        await Deadline.UntilAsync(() => sample.Log.Contains("Microsoft.Hosting.Lifetime", StringComparison.Ordinal), "a log line");
        Assert.DoesNotContain("Microsoft.Hosting.Lifetime", quiet.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithoutUrls_ListensOnLoopbackOnly()
    {
        // The address is the point here, so that it may be taken: then the message names it.
        await using var sample = SampleProcess.Launch(SampleProcess.Dotnet, [SampleProcess.Assembly]);

        await Deadline.UntilAsync(() => sample.Log.Contains("http://127.0.0.1:5000", StringComparison.Ordinal), "the default address");
        Assert.DoesNotContain("localhost:", sample.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("[::]", sample.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_WithAnOpenEventStream_EndsAtOnce()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();
        await using var events = await client.GetStreamAsync(new Uri("/events", UriKind.Relative)).WithTimeout(Deadline.Short);
        Assert.NotEqual(0, await events.ReadAsync(new byte[1]).WithTimeout(Deadline.Short));

        Assert.Equal(0, await sample.StopAsync());
    }
}

using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Faults;

/// <summary>The real process in a sandbox that denies a call that a loop needs.</summary>
public sealed class SandboxTests
{
    /// <summary>The one call that .NET's own sockets don't need. EpollProbeTests refuse the others, one by one.</summary>
    [Fact]
    public async Task Start_EventFdDenied_ServesOnSocketsAndSaysWhyOnce()
    {
        Tool.Require("strace", "strace");
        using var folder = new ScratchFolder();

        // -D: the sample is the process that is started, and the tracer its grandchild.
        await using var sample = SampleProcess.Launch("strace",
        [
            "-D", "-f", "-o", folder.File("trace"), "-e", "trace=eventfd2", "-e", "inject=eventfd2:error=EPERM",
            SampleProcess.Dotnet, SampleProcess.Assembly, "--urls", SampleProcess.AnyPort, "--Logging:LogLevel:Default", "Information",
        ]);
        await sample.WaitUntilStartedAsync();
        using var client = sample.CreateClient();

        var info = await client.GetStringAsync(new Uri("/info", UriKind.Relative)).WithTimeout(Deadline.Short);

        Assert.Contains("\"transport\":\"sockets\"", info, StringComparison.Ordinal);
        var line = Assert.Single(sample.Log.Split('\n'), line => line.Contains("epoll transport is not available", StringComparison.Ordinal));
        Assert.Contains("the system refuses eventfd2: Operation not permitted.", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Serving with epoll", sample.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", sample.Log, StringComparison.Ordinal);
    }
}

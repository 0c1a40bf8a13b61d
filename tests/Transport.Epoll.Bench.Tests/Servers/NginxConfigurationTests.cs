using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Servers;

/// <summary>What is written for nginx. One thread.</summary>
public sealed class NginxConfigurationTests
{
    [Fact]
    public void Write_Limit_AnswersTheRest503()
    {
        var text = Write(InProcessLauncher.Settings with { Limit = 128 }, new NginxSite(NginxConfiguration.Own));

        Assert.Contains("limit_conn_zone $server_port zone=all:1m; limit_conn all 128; limit_conn_status 503;", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NoLimit_HasNone() => Assert.DoesNotContain("limit_conn", Write(InProcessLauncher.Settings, new NginxSite(NginxConfiguration.Own)), StringComparison.Ordinal);

    [Fact]
    public void Write_Site_HasModulesAheadOfAllBlocks()
    {
        var text = Write(InProcessLauncher.Settings, new NginxSite("location / { }", Http: "own_line;", Main: "load_module m.so;\n"));

        Assert.StartsWith("load_module m.so;", text, StringComparison.Ordinal);
        Assert.InRange(text.IndexOf("own_line;", StringComparison.Ordinal), text.IndexOf("http {", StringComparison.Ordinal), text.IndexOf("server {", StringComparison.Ordinal));
    }

    private static string Write(ServerSettings settings, NginxSite site) => NginxConfiguration.Write("/tmp/x", settings, 8080, site);
}

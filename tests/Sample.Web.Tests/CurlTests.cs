using Sample.Web.Tests.Support;

namespace Sample.Web.Tests;

public class CurlTests
{
    public CurlTests()
    {
        Tool.Require("curl", "curl");
        Tool.Require("openssl", "openssl");
    }

    [Fact]
    public async Task Curl_Http11_IsServed()
    {
        await using var sample = await SampleProcess.StartAsync();

        Assert.Equal("Hello, World! 1.1 200", await CurlAsync(sample.Address + "/plaintext"));
    }

    [Fact]
    public async Task Curl_Http2PriorKnowledge_IsServed()
    {
        await using var sample = await SampleProcess.StartAsync("--Kestrel:EndpointDefaults:Protocols", "Http2");

        Assert.Equal("Hello, World! 2 200", await CurlAsync("--http2-prior-knowledge", sample.Address + "/plaintext"));
    }

    [Fact]
    public async Task Curl_Http2OverTls_IsServedWithTheSelfSignedCertificate()
    {
        await using var sample = await SampleProcess.StartAsync("--urls", "https://127.0.0.1:0");

        Assert.Equal("Hello, World! 2 200", await CurlAsync("--insecure", "--http2", sample.Address + "/plaintext"));
        Assert.Equal("Hello, World! 1.1 200", await CurlAsync("--insecure", "--http1.1", sample.Address + "/plaintext"));
    }

    [Fact]
    public async Task Curl_UnixSocket_IsServed()
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--urls", "http://unix:" + folder.File("web.sock"));

        Assert.Equal("Hello, World! 1.1 200", await CurlAsync("--unix-socket", folder.File("web.sock"), "http://localhost/plaintext"));
    }

    [Fact]
    public async Task Curl_SeveralAddresses_AreAllServed()
    {
        await using var sample = await SampleProcess.StartAsync("--urls", "http://127.0.0.1:0;https://127.0.0.1:0");

        Assert.Equal(2, sample.Addresses.Count);
        foreach (var address in sample.Addresses)
        {
            Assert.StartsWith("Hello, World!", await CurlAsync("--insecure", address + "/plaintext"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Curl_ConfiguredCertificate_IsTheOneServed()
    {
        using var folder = new ScratchFolder();
        var (certificate, key) = (folder.File("cert.pem"), folder.File("key.pem"));
        var made = await Tool.RunAsync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=configured.test", "-addext", "subjectAltName=DNS:configured.test", "-keyout", key, "-out", certificate]);
        Assert.True(made.ExitCode == 0, made.Error);
        await using var sample = await SampleProcess.StartAsync(
            "--urls", "https://127.0.0.1:0", "--Kestrel:Certificates:Default:Path", certificate, $"--Kestrel:Certificates:Default:KeyPath={key}");

        var answer = await CurlAsync("--cacert", certificate, "--resolve", $"configured.test:{sample.Port}:127.0.0.1", $"https://configured.test:{sample.Port}/plaintext");

        Assert.Equal("Hello, World! 2 200", answer);
    }

    [Fact]
    public async Task OpenSsl_Client_AgreesOnHttp2AndTls13()
    {
        await using var sample = await SampleProcess.StartAsync("--urls", "https://127.0.0.1:0");

        var result = await Tool.RunAsync("openssl", ["s_client", "-connect", $"127.0.0.1:{sample.Port}", "-alpn", "h2,http/1.1"]);

        Assert.Contains("ALPN protocol: h2", result.Output, StringComparison.Ordinal);
        Assert.Contains("TLSv1.3", result.Output, StringComparison.Ordinal);
        Assert.Contains("CN = localhost", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenSsl_Request_IsAnswered()
    {
        await using var sample = await SampleProcess.StartAsync("--urls", "https://127.0.0.1:0");

        var result = await Tool.RunAsync(
            "openssl", ["s_client", "-connect", $"127.0.0.1:{sample.Port}", "-quiet", "-ign_eof"], input: "GET /plaintext HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.EndsWith("Hello, World!", result.Output, StringComparison.Ordinal);
    }

    private static async Task<string> CurlAsync(params string[] arguments)
    {
        var result = await Tool.RunAsync("curl", ["--silent", "--show-error", "--max-time", "10", "--write-out", " %{http_version} %{http_code}", .. arguments]);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }
}

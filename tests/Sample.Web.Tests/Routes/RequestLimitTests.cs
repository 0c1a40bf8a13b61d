using System.Net;
using System.Net.Sockets;
using System.Text;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Routes;

/// <summary>The limit of requests in progress: who is over it is told so at once, who is within it is served.</summary>
public class RequestLimitTests
{
    private const string Continue = "HTTP/1.1 100 Continue\r\n\r\n";

    [Theory]
    [ClassData(typeof(TransportNames))]
    public async Task Limit_Reached_IsAnswered503AndTheRestIsServed(string transport)
    {
        await using var sample = await SampleProcess.StartAsync("--transport", transport, "--Sample:MaxRequests", "1");
        using var client = sample.CreateClient();
        using var first = new TcpClient();
        await first.ConnectAsync(IPAddress.Loopback, sample.Port).WithTimeout(Deadline.Short);
        await using var stream = first.GetStream();

        // The route that asks for its body has the only place, until it comes.
        await stream.WriteAsync("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"u8.ToArray()).WithTimeout(Deadline.Short);
        var asked = new byte[Continue.Length];
        await stream.ReadExactlyAsync(asked).WithTimeout(Deadline.Short);
        Assert.Equal(Continue, Encoding.ASCII.GetString(asked));

        using var refused = await client.GetAsync("/plaintext").WithTimeout(Deadline.Short);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
        Assert.Equal("1 requests are in progress; try again in a second.\n", await refused.Content.ReadAsStringAsync().WithTimeout(Deadline.Short));

        await stream.WriteAsync("12"u8.ToArray()).WithTimeout(Deadline.Short);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var answer = await reader.ReadToEndAsync().WithTimeout(Deadline.Short);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("{\"bytes\":2}", answer, StringComparison.Ordinal);

        using var next = await client.GetAsync("/plaintext").WithTimeout(Deadline.Short);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    [InlineData("1000001")]
    public async Task Limit_NotANumberInRange_IsRefused(string value)
    {
        var result = await Tool.RunAsync(SampleProcess.Dotnet, [SampleProcess.Assembly, "--urls", SampleProcess.AnyPort, "--Sample:MaxRequests", value]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("cannot start: Sample:MaxRequests must be a whole number from 1 to 1000000.", result.Error, StringComparison.Ordinal);
    }
}

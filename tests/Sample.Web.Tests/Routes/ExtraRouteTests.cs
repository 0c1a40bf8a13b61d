using System.Net;
using System.Net.Http.Headers;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Routes;

/// <summary>What is there only if the configuration says so: files from the disk, gRPC.</summary>
public class ExtraRouteTests
{
    /// <summary>Messages with their prefix: a 20 and b 22; a 20, b 22 and count 3; the sum, 42.</summary>
    private static readonly byte[] s_sum = [0, 0, 0, 0, 4, 8, 20, 16, 22];

    private static readonly byte[] s_three = [0, 0, 0, 0, 6, 8, 20, 16, 22, 24, 3];

    private static readonly byte[] s_reply = [0, 0, 0, 0, 2, 8, 42];

    private static readonly string[] s_grpc = ["--Kestrel:EndpointDefaults:Protocols", "Http2", "--Sample:Grpc", "true"];

    [Fact]
    public async Task Files_InTheFolder_AreServedAndNoOthers()
    {
        using var folder = new ScratchFolder();
        await File.WriteAllTextAsync(folder.File("one.txt"), "one");
        await using var sample = await SampleProcess.StartAsync("--Sample:Files", Path.GetDirectoryName(folder.File("one.txt"))!);
        using var client = sample.CreateClient();

        Assert.Equal("one", await client.GetStringAsync("/files/one.txt").WithTimeout(Deadline.Short));
        using var other = await client.GetAsync("/files/two.txt").WithTimeout(Deadline.Short);
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
    }

    [Fact]
    public async Task Files_FolderIsMissing_IsRefusedByName()
    {
        var result = await Tool.RunAsync(SampleProcess.Dotnet, [SampleProcess.Assembly, "--urls", SampleProcess.AnyPort, "--Sample:Files", "/nowhere/at/all"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("cannot start: /nowhere/at/all", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/sample.Sums/Add", 1)]
    [InlineData("/sample.Sums/AddStream", 3)]
    public async Task Grpc_Sum_IsAnsweredSoManyTimes(string method, int replies)
    {
        await using var sample = await SampleProcess.StartAsync(s_grpc);
        using var answer = await CallAsync(sample, method, replies == 1 ? s_sum : s_three);

        byte[] expected = [.. Enumerable.Repeat(s_reply, replies).SelectMany(reply => reply)];
        Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync().WithTimeout(Deadline.Short));
        Assert.Equal("0", Assert.Single(answer.TrailingHeaders.GetValues("grpc-status")));
    }

    [Fact]
    public async Task Grpc_TooMany_IsRefusedWithTheRange()
    {
        await using var sample = await SampleProcess.StartAsync(s_grpc);
        using var answer = await CallAsync(sample, "/sample.Sums/AddStream", [0, 0, 0, 0, 4, 24, 161, 141, 6]); // count 100,001

        await answer.Content.ReadAsByteArrayAsync().WithTimeout(Deadline.Short);
        var headers = answer.Headers.Concat(answer.TrailingHeaders).ToDictionary(h => h.Key, h => h.Value.Single(), StringComparer.OrdinalIgnoreCase);
        Assert.Equal("3", headers["grpc-status"]);
        Assert.Contains("from 0 to 100000", Uri.UnescapeDataString(headers["grpc-message"]), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> CallAsync(SampleProcess sample, string method, byte[] body)
    {
        using var client = sample.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.ParseAdd("trailers");
        return await client.SendAsync(request).WithTimeout(Deadline.Short);
    }
}

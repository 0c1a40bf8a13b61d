using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Routes;

/// <summary>The endpoint that speaks lines: a connection handler without HTTP.</summary>
public class LineTests
{
    private const string TooLong = "A line has at most 1024 bytes.\n";
    private const string NotANumber = "ms must be a whole number from 0 to 60000.\n";

    private static readonly string s_longest = new('x', 1024);

    [Theory]
    [ClassData(typeof(TransportNames))]
    public async Task Lines_InPieces_AreAnsweredInOrder(string transport)
    {
        await using var sample = await StartAsync("--transport", transport);
        await using var client = await ConnectAsync(sample);

        // The first answer shows that the first piece was there alone.
        await client.WriteAsync("one\ntw"u8.ToArray()).WithTimeout(Deadline.Short);
        await client.ReadExactlyAsync(new byte[4]).WithTimeout(Deadline.Short);
        await client.WriteAsync("o\n/block/1\n/block/x\n/block/60001\n\nnever"u8.ToArray()).WithTimeout(Deadline.Short);

        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal($"two\nblocked 1 ms\n{NotANumber}{NotANumber}\n", await ReadToEndAsync(client));
    }

    public static TheoryData<string, string> LongLines => new()
    {
        { $"{s_longest}\n", $"{s_longest}\n" },
        { $"one\n{s_longest}x\ntwo\n", $"one\n{TooLong}" },
        { $"one\n{s_longest}x", $"one\n{TooLong}" },
    };

    [Theory]
    [MemberData(nameof(LongLines))]
    public async Task Lines_TooLong_AreRefused(string sent, string expected)
    {
        await using var sample = await StartAsync();
        await using var client = await ConnectAsync(sample);

        await client.WriteAsync(Encoding.UTF8.GetBytes(sent)).WithTimeout(Deadline.Short);
        client.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(expected, await ReadToEndAsync(client));
    }

    [Fact]
    public async Task Lines_Https_SpeakTls()
    {
        await using var sample = await SampleProcess.StartAsync("--Kestrel:Endpoints:Lines:Url", "https://127.0.0.1:0");
        await using var client = await ConnectAsync(sample);
        await using var tls = new SslStream(client, leaveInnerStreamOpen: true, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync("localhost").WithTimeout(Deadline.Short);

        await tls.WriteAsync("one\n"u8.ToArray()).WithTimeout(Deadline.Short);

        var answer = new byte[4];
        await tls.ReadExactlyAsync(answer).WithTimeout(Deadline.Short);
        Assert.Equal("one\n"u8, answer);
    }

    /// <summary>Neither a client that says nothing nor one whose lines are not all answered holds up the end.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("/block/3000\n/block/60000\n")]
    public async Task Lines_AppStops_EndConnectionsAtOnce(string sent)
    {
        await using var sample = await StartAsync();
        await using var client = await ConnectAsync(sample);
        await client.WriteAsync(Encoding.UTF8.GetBytes($"one\n{sent}")).WithTimeout(Deadline.Short);
        await client.ReadExactlyAsync(new byte[4]).WithTimeout(Deadline.Short);

        var stop = sample.StopAsync();

        Assert.Contains(await ReadToEndAsync(client), (string[])["", "blocked 3000 ms\n"]);
        Assert.Equal(0, await stop);
        await sample.DisposeAsync(); // it has read the log to its end then
        Assert.DoesNotContain("fail:", sample.Log, StringComparison.Ordinal);
    }

    private static Task<SampleProcess> StartAsync(params string[] arguments) => SampleProcess.StartAsync([.. arguments, "--Kestrel:Endpoints:Lines:Url", SampleProcess.AnyPort]);

    private static async Task<NetworkStream> ConnectAsync(SampleProcess sample)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync("127.0.0.1", sample.Port).WithTimeout(Deadline.Short);
        return new NetworkStream(client, ownsSocket: true);
    }

    private static async Task<string> ReadToEndAsync(NetworkStream client)
    {
        using var reader = new StreamReader(client, leaveOpen: true);
        return await reader.ReadToEndAsync().WithTimeout(Deadline.Short);
    }
}

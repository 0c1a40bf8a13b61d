using System.Net.Sockets;
using System.Text;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Routes;

/// <summary>The endpoint that speaks lines: a connection handler without HTTP.</summary>
public class LineTests
{
    [Theory]
    [ClassData(typeof(TransportNames))]
    public async Task Lines_InAnyPieces_AreAnsweredInOrder(string transport)
    {
        await using var sample = await StartAsync("--transport", transport);
        await using var client = await ConnectAsync(sample);

        foreach (var piece in new[] { "one\ntw", "o\n/block/1\n", "/block/x\n", "/block/60001\n\n" })
        {
            await client.WriteAsync(Encoding.UTF8.GetBytes(piece)).WithTimeout(Deadline.Short);
        }

        client.Socket.Shutdown(SocketShutdown.Send);
        const string Refused = "ms must be a whole number from 0 to 60000.\n";
        Assert.Equal($"one\ntwo\nblocked 1 ms\n{Refused}{Refused}\n", await ReadToEndAsync(client));
    }

    [Fact]
    public async Task Lines_TooLong_AreRefused()
    {
        await using var sample = await StartAsync();
        await using var client = await ConnectAsync(sample);

        await client.WriteAsync(Encoding.UTF8.GetBytes($"one\n{new string('x', 1025)}")).WithTimeout(Deadline.Short);

        Assert.Equal("one\nA line has at most 1024 bytes.\n", await ReadToEndAsync(client));
    }

    [Fact]
    public async Task Lines_AppStops_EndConnectionsAtOnce()
    {
        await using var sample = await StartAsync();
        await using var client = await ConnectAsync(sample);
        await client.WriteAsync("one\n"u8.ToArray()).WithTimeout(Deadline.Short);
        await client.ReadExactlyAsync(new byte[4]).WithTimeout(Deadline.Short);

        var stop = sample.StopAsync();

        Assert.Equal("", await ReadToEndAsync(client));
        Assert.Equal(0, await stop);
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

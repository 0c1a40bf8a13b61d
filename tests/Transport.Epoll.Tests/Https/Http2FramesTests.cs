using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>HTTP/2 frame by frame (RFC 9113) over TLS: what breaks the protocol is answered as with <c>UseHttps</c>.</summary>
public sealed class Http2FramesTests
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte RstStream = 3;
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte GoAway = 7;
    private const byte WindowUpdate = 8;
    private const byte Continuation = 9;
    private const byte EndStreamAndHeaders = 5;

    private static readonly byte[] s_preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    /// <summary>:method GET, :scheme https, :path, :authority localhost, in HPACK's static table (RFC 7541, appendix A).</summary>
    private static readonly byte[] s_get = [0x82, 0x87, 0x04, 4, .. "/all"u8, 0x01, 9, .. "localhost"u8];

    private static readonly Dictionary<string, byte[]> s_faults = new()
    {
        ["no preface"] = Encoding.ASCII.GetBytes("PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n"),
        ["data on stream 0"] = Started(Frame(Data, 0, 0, [1])),
        ["data on an idle stream"] = Started(Frame(Data, 0, 1, [1])),
        ["headers on a stream of the server's"] = Started(Frame(Headers, EndStreamAndHeaders, 2, s_get)),
        ["headers that can't be decoded"] = Started(Frame(Headers, EndStreamAndHeaders, 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF])),
        ["continuation of nothing"] = Started(Frame(Continuation, 0, 1, s_get)),
        ["a frame that is too large"] = Started(Frame(Data, 0, 1, new byte[20_000])),
        ["a ping of seven bytes"] = Started(Frame(Ping, 0, 0, new byte[7])),
        ["settings with an acknowledgement and content"] = Started(Frame(Settings, 1, 0, new byte[6])),
        ["settings of five bytes"] = Started(Frame(Settings, 0, 0, new byte[5])),
        ["a window that grows by nothing"] = Started(Frame(WindowUpdate, 0, 0, new byte[4])),
        ["a reset of an idle stream"] = Started(Frame(RstStream, 0, 1, new byte[4])),
    };

    public static TheoryData<string> Faults { get; } = [.. s_faults.Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Fault_OfTheClient_IsAnsweredAsByUseHttps(string fault)
    {
        List<int> codes = [];
        foreach (var own in new[] { true, false })
        {
            await using var host = await StartAsync(TransportKind.EpollAuto, own);
            await using var client = await ConnectAsync(host);

            await client.Tls.WriteAsync(s_faults[fault]).WithTimeout();

            codes.Add(await ReadErrorAsync(client.Tls));
        }

        Assert.Equal(codes[1], codes[0]);
        Assert.True(codes[0] >= 0, "The server said nothing.");
    }

    /// <summary>Its window lets the server write without an end, so that the socket's buffers are what stops it, the pump, and then the handler.</summary>
    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Answer_WindowIsHugeAndNobodyReads_StopsTheHandlerUntilTheClientIsGone(TransportKind kind)
    {
        const int Piece = 50_000;
        var written = 0L;
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(kind, own: true, async context =>
        {
            try
            {
                while (true)
                {
                    await context.Response.Body.WriteAsync(new byte[Piece], context.RequestAborted);
                    Interlocked.Add(ref written, Piece);
                }
            }
            finally
            {
                ended.SetResult();
            }
        });
        await using (var client = await ConnectAsync(host, receiveBuffer: 16 * 1024))
        {
            byte[] initialWindow = [0, 4, 0x7F, 0xFF, 0xFF, 0xFF];
            await client.Tls.WriteAsync((byte[])[.. s_preface, .. Frame(Settings, 0, 0, initialWindow), .. Frame(WindowUpdate, 0, 0, [0x7F, 0, 0, 0]),
                .. Frame(Headers, EndStreamAndHeaders, 1, s_get)]).WithTimeout();

            await Waiting.UntilStillAsync(() => Interlocked.Read(ref written));
            Assert.False(ended.Task.IsCompleted);
        }

        await ended.Task.WithTimeout();
    }

    private static Task<TestHost> StartAsync(TransportKind kind, bool own, RequestDelegate? handler = null)
        => TestHost.StartAsync(kind, app => app.MapGet("/all", handler ?? (context => context.Response.WriteAsync("all"))), kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseTls(own);
        }));

    private static Task<TlsClient> ConnectAsync(TestHost host, int? receiveBuffer = null)
        => TlsClient.ConnectAsync(host, options => options.ApplicationProtocols = [SslApplicationProtocol.Http2], receiveBuffer: receiveBuffer);

    private static byte[] Started(byte[] frame) => [.. s_preface, .. Frame(Settings, 0, 0, []), .. frame];

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        byte[] head = [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(5), stream);
        return [.. head, .. payload];
    }

    /// <summary>The code in GOAWAY, or in RST_STREAM, plus 1,000; −1 when the connection ends without a word.</summary>
    private static async Task<int> ReadErrorAsync(SslStream stream)
    {
        byte[] head = new byte[9];
        try
        {
            while (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false).AsTask().WithTimeout() == head.Length)
            {
                byte[] payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await stream.ReadExactlyAsync(payload).AsTask().WithTimeout();
                if (head[3] is GoAway or RstStream)
                {
                    return BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(head[3] == GoAway ? 4 : 0)) + (head[3] == GoAway ? 0 : 1000);
                }
            }
        }
        catch (IOException)
        {
            // Reset: without a word, too.
        }

        return -1;
    }
}

using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>Clients that dribble, cut short, read slowly, or don't speak TLS at all.</summary>
public sealed class HostileClientTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Request_ByteByByte_IsServed(TransportKind kind)
    {
        await using var host = await HttpsHost.StartAsync(kind);
        await using var client = await TlsClient.ConnectAsync(host, dribbles: true); // the handshake, too

        await client.GetAsync("/bytes/100000");

        Assert.Equal(HttpsHost.Bytes(100_000), (await client.ReadToEndAsync())[^100_000..]);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Request_ARecordForEachByte_IsServed(TransportKind kind)
    {
        await using var host = await HttpsHost.StartAsync(kind);
        await using var client = await TlsClient.ConnectAsync(host);

        foreach (var one in "POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
        {
            await client.SendAsync(one.ToString());
        }

        Assert.Contains("hello", await client.ReadTextToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Body_CutInTheMiddleOfARecord_FailsForTheApplication(TransportKind kind)
    {
        TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await HttpsHost.StartAsync(kind, routes: app => app.MapPost("/all", context => ReadAllAsync(context, failed)));
        await using var client = await TlsClient.ConnectAsync(host);
        await client.SendAsync("POST /all HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");

        client.Wire.Cut = 100;
        await client.SendAsync(new string('x', 1000));
        client.Fin();

        Assert.IsAssignableFrom<IOException>(await failed.Task.WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Body_EndedWithoutCloseNotify_FailsForTheApplication(TransportKind kind)
    {
        TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await HttpsHost.StartAsync(kind, routes: app => app.MapPost("/all", context => ReadAllAsync(context, failed)));
        await using var client = await TlsClient.ConnectAsync(host);
        await client.SendAsync("POST /all HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");

        await client.SendAsync(new string('x', 999)); // whole records
        client.Fin();

        Assert.IsAssignableFrom<IOException>(await failed.Task.WithTimeout());
    }

    /// <summary>HTTP knows where a request ends. A protocol that does not sees a cut record, and no difference between an end with close_notify and one without.</summary>
    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData(100, false)]
    public async Task Connection_EndsWithOrWithoutCloseNotify_LooksAsWithUseHttps(int? cut, bool closeNotify)
    {
        List<(long Bytes, Type? Error)> seen = [];
        foreach (var own in new[] { true, false })
        {
            TaskCompletionSource<(long, Type?)> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var host = await TestHost.StartAsync(TransportKind.EpollAuto, _ => { }, kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.UseTls(own);
                listen.Run(async connection => ended.SetResult(await CountAsync(connection.Transport.Input)));
            }));
            await using var client = await TlsClient.ConnectAsync(host);
            await client.SendAsync("a whole record");
            client.Wire.Cut = cut;
            await client.SendAsync(new string('x', 1000));
            if (closeNotify)
            {
                await client.Tls.ShutdownAsync().WithTimeout();
            }

            client.Fin();
            seen.Add(await ended.Task.WithTimeout());
        }

        Assert.Equal(seen[1], seen[0]);
        Assert.Equal(cut is null ? (1014, null) : (14, typeof(IOException)), seen[0]);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Answer_NobodyReads_StopsTheWriterUntilSomebodyDoes(TransportKind kind)
    {
        const int Pieces = 400;
        byte[] piece = HttpsHost.Bytes(50_000);
        var written = 0;
        await using var host = await HttpsHost.StartAsync(kind, routes: app => app.MapGet("/pieces", async (HttpContext context) =>
        {
            for (var i = 0; i < Pieces; i++)
            {
                await context.Response.Body.WriteAsync(piece);
                await context.Response.Body.FlushAsync();
                Interlocked.Increment(ref written);
            }
        }));
        await using var client = await TlsClient.ConnectAsync(host, receiveBuffer: 16 * 1024);
        await client.GetAsync("/pieces");

        var seen = await Waiting.UntilStillAsync(() => Volatile.Read(ref written));
        Assert.InRange(seen, 1, Pieces - 1);

        var answer = await client.ReadToEndAsync();
        Assert.InRange(answer.Length, Pieces * piece.Length, (Pieces * piece.Length) + 10_000);
        Assert.Equal(Pieces, written);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Answer_NobodyReadsAndTheClientResets_EndsTheRequest(TransportKind kind)
    {
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var host = await HttpsHost.StartAsync(kind, routes: app => app.MapGet("/endless", async (HttpContext context) =>
            {
                try
                {
                    while (true)
                    {
                        await context.Response.Body.WriteAsync(new byte[50_000], context.RequestAborted);
                    }
                }
                finally
                {
                    ended.SetResult();
                }
            }));
            using (var client = host.CreateClient())
            {
                using HttpRequestMessage request = new(HttpMethod.Get, "/endless") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WithTimeout();
                Assert.Equal(version, answer.Version);
            }

            await ended.Task.WithTimeout();
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Handshake_Garbage_EndsTheConnectionOnly(TransportKind kind)
    {
        await using var host = await HttpsHost.StartAsync(kind);
        foreach (var garbage in new[] { "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\u0016\u0003\u0001\u0000\u0010" + new string('x', 100), new string('\0', 5000) })
        {
            using var client = await RawClient.ConnectAsync(host.EndPoint);
            await client.SendAsync(Encoding.Latin1.GetBytes(garbage));
            var (answer, _) = await client.ReadToEndOrResetAsync();
            Assert.InRange(answer.Length, 0, 100); // an alert at most
        }

        await Waiting.UntilAsync(() => host.Logs.Of(TransportKind.EpollAuto, 60).Count() == 3);
        using var honest = host.CreateClient();
        Assert.Equal("https", await honest.GetStringAsync(host.Address).WithTimeout());
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task Handshake_NothingComes_EndsAfterItsTimeout(TransportKind kind)
    {
        await using var host = await HttpsHost.StartAsync(kind, https => https.HandshakeTimeout = TimeSpan.FromMilliseconds(300));
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await client.SendAsync(new byte[] { 22, 3, 1 });

        Assert.Empty((await client.ReadToEndOrResetAsync()).Bytes);
        await host.Logs.WaitForAsync(TransportKind.EpollAuto, 61);
    }

    private static async Task<(long Bytes, Type? Error)> CountAsync(PipeReader input)
    {
        var bytes = 0L;
        try
        {
            ReadResult result;
            do
            {
                result = await input.ReadAsync();
                bytes += result.Buffer.Length;
                input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
            return (bytes, null);
        }
        catch (IOException exception)
        {
            return (bytes, exception.GetType());
        }
    }

    private static async Task ReadAllAsync(HttpContext context, TaskCompletionSource<Exception> failed)
    {
        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            failed.SetException(new InvalidOperationException("The body was taken for a whole one."));
        }
        catch (IOException exception)
        {
            failed.SetResult(exception);
        }
    }
}

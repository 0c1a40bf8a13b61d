using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Protocols;

/// <summary>Kestrel's limits. Alone, since rates are measured against the clock.</summary>
[Collection(RunsAlone.Name)]
public sealed class LimitTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.1);

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task MinRequestBodyDataRate_ClientStalls_Gets408(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.Run(context => context.Request.Body.CopyToAsync(Stream.Null)),
            kestrel =>
            {
                kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1000, Grace);
                kestrel.Listen(IPAddress.Loopback, 0);
            });
        using var client = await RawClient.ConnectAsync(host.EndPoint);

        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this");

        Assert.StartsWith("HTTP/1.1 408", await client.ReadUntilAsync("\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task MinResponseDataRate_ClientDoesNotRead_IsAborted(TransportKind kind)
    {
        var aborted = new Gate();
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.Run(async context =>
            {
                context.RequestAborted.Register(aborted.Open);
                await context.Response.Body.WriteAsync(new byte[32 * 1024 * 1024]);
            }),
            kestrel =>
            {
                kestrel.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 100_000_000, Grace);
                kestrel.Listen(IPAddress.Loopback, 0);
            });
        using var client = await RawClient.ConnectAsync(host.EndPoint, receiveBufferSize: 64 * 1024);

        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        await aborted.PassAsync();
        var (bytes, reset) = await client.ReadToEndOrResetAsync();
        Assert.True(reset);
        Assert.True(bytes.Length < 32 * 1024 * 1024);
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task KeepAliveTimeout_IdleConnection_IsClosed(TransportKind kind)
    {
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.Run(context => context.Response.WriteAsync("served")),
            kestrel =>
            {
                kestrel.Limits.KeepAliveTimeout = Grace;
                kestrel.Listen(IPAddress.Loopback, 0);
            });
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadUntilAsync("served");

        await client.ReadToEndAsync();
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    public async Task MaxRequestBufferSize_SlowApplication_StillReadsEverything(TransportKind kind)
    {
        const int Total = 3_000_000;
        var release = new Gate();
        long read = 0;
        await using var host = await TestHost.StartAsync(
            kind,
            app => app.Run(async context =>
            {
                await release.PassAsync();
                var buffer = new byte[1000];
                for (int count; (count = await context.Request.Body.ReadAsync(buffer)) > 0;)
                {
                    read += count;
                }
            }),
            kestrel =>
            {
                kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
                kestrel.Listen(IPAddress.Loopback, 0);
            },
            tuning: new TransportTuning { MaxReadBufferSize = 16 * 1024 });
        using var client = await RawClient.ConnectAsync(host.EndPoint);
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {Total}\r\n\r\n");
        var sending = client.SendAsync(new byte[Total]);
        release.Open();

        await client.ReadUntilAsync("\r\n\r\n");
        await sending.WithTimeout();
        Assert.Equal(Total, read);
    }
}

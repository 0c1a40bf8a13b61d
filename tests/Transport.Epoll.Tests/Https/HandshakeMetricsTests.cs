using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>Handshakes are counted by Kestrel's own instruments, as Kestrel counts them.</summary>
public sealed class HandshakeMetricsTests
{
    [Fact]
    public async Task Handshakes_OneGoodAndOneBad_AreMeasuredByKestrelsInstruments()
    {
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto);
        using KestrelMeter meter = new(host);
        Assert.Single(meter.Instruments, KestrelMeter.Active); // Kestrel's and ours are the same
        Assert.Single(meter.Instruments, KestrelMeter.Duration);
        var activeMeanwhile = 0.0;

        await using (await TlsClient.ConnectAsync(host, beforeAnswer: () => activeMeanwhile = meter.SumOf(KestrelMeter.Active)))
        {
            await Waiting.UntilAsync(() => meter.Of(KestrelMeter.Duration).Count == 1);
        }

        using var bad = await RawClient.ConnectAsync(host.EndPoint);
        await bad.SendAsync("garbage, garbage");
        await Waiting.UntilAsync(() => meter.Of(KestrelMeter.Duration).Count == 2);

        Assert.Equal(1, activeMeanwhile);
        var durations = meter.Of(KestrelMeter.Duration).ConvertAll(each => each.Tags.ToDictionary());
        Assert.Equal("1.3", durations[0]["tls.protocol.version"]);
        Assert.Equal("System.Security.Authentication.AuthenticationException", durations[1]["error.type"]);
        var active = meter.Of(KestrelMeter.Active);
        Assert.Equal([1, -1, 1, -1], active.Select(each => each.Value));
        Assert.All(active, each => Assert.Equal(
            new Dictionary<string, object?>
            {
                ["server.address"] = "127.0.0.1",
                ["server.port"] = host.EndPoint.Port,
                ["network.type"] = "ipv4",
                ["network.transport"] = "tcp",
            },
            each.Tags.ToDictionary()));
    }

    /// <summary>Who comes in the middle sees how the handshake ended, and none less than there are.</summary>
    [Fact]
    public async Task Handshake_SomebodyBeginsToLookInTheMiddle_IsNotCountedAsOneLess()
    {
        await using var host = await HttpsHost.StartAsync(TransportKind.EpollAuto);
        KestrelMeter? meter = null;

        await using var client = await TlsClient.ConnectAsync(host, beforeAnswer: () => meter = new(host));

        using var late = meter!;
        await Waiting.UntilAsync(() => late.Of(KestrelMeter.Duration).Count == 1);
        Assert.Contains(new("server.port", host.EndPoint.Port), late.Of(KestrelMeter.Duration)[0].Tags);
        Assert.Empty(late.Of(KestrelMeter.Active));
    }

    /// <summary>A key that is there twice breaks what reads the metric.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ConnectionMetric_HandshakeFails_HasOneErrorAsWithKestrels(bool garbage)
    {
        List<string> errors = [];
        foreach (var own in new[] { true, false })
        {
            await using var host = await TestHost.StartAsync(TransportKind.EpollAuto, _ => { }, kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
                listen.UseTls(own, https => https.ServerCertificateSelector = (_, _) => throw new InvalidOperationException("No certificate today."))));
            using KestrelMeter meter = new(host);
            if (garbage)
            {
                using var bad = await RawClient.ConnectAsync(host.EndPoint);
                await bad.SendAsync("garbage, garbage");
                await Waiting.UntilAsync(() => meter.Of(KestrelMeter.ConnectionDuration).Count == 1);
            }
            else
            {
                await Assert.ThrowsAnyAsync<Exception>(() => TlsClient.ConnectAsync(host));
                await Waiting.UntilAsync(() => meter.Of(KestrelMeter.ConnectionDuration).Count == 1);
            }

            errors.Add(Assert.Single(meter.Of(KestrelMeter.ConnectionDuration)[0].Tags, tag => tag.Key == "error.type").Value!.ToString()!);
        }

        Assert.Equal(errors[1], errors[0]);
    }
}

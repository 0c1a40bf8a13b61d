using System.Net.Security;
using System.Security.Authentication;
using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>What is not TLS sent to a TLS endpoint: random bytes, HTTP, the beginning of a handshake; and garbage after a good handshake.</summary>
internal sealed class TlsGarbageAttack : IAttack
{
    private const int AtOnce = 16;
    private const int Kinds = 5;

    /// <summary>A handshake record of 512 bytes, a ClientHello for TLS 1.2, its random bytes: what follows is missing, or wrong.</summary>
    private static readonly byte[] s_clientHello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, .. new byte[32]];

    public string Name => "tls-garbage";

    public string Summary => "random bytes, HTTP and broken handshakes on a TLS endpoint, garbage after a good handshake";

    public int DefaultTimes => 400;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => ["--urls", "http://127.0.0.1:0;https://127.0.0.1:0"];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var endPoint = target.Server.EndPoints[1];
        await target.EachAsync(times * Kinds, AtOnce, async (i, stop) =>
        {
            using var client = await RawClient.ConnectAsync(endPoint, stop);
            if (i % Kinds == 0)
            {
                await HandshakeAsync(client, stop);
            }

            await client.SendUnlessEndedAsync(Garbage(i), thenHalfClose: true, stop);
            await client.ReadToEndAsync(stop);
            target.Tally.Serve();
        }, cancellation);

        var ended = target.Tally.Served;
        await target.EachAsync(1, 1, async (_, stop) =>
        {
            // It still speaks TLS.
            using var last = await RawClient.ConnectAsync(endPoint, stop);
            await HandshakeAsync(last, stop);
        }, cancellation);
        return $"{ended} ended";
    }

    private static async Task HandshakeAsync(RawClient client, CancellationToken cancellation)
    {
        var tls = new SslStream(client.AsStream(), leaveInnerStreamOpen: true);
        try
        {
#pragma warning disable CA5359 // The sample's own certificate, made for this run.
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => true }, cancellation);
#pragma warning restore CA5359
        }
        catch (AuthenticationException e)
        {
            throw new IOException($"a good handshake failed: {e.Message}", e);
        }
    }

    private static ReadOnlyMemory<byte> Garbage(int index)
    {
#pragma warning disable CA5394 // Not for secrets: a run must be repeatable.
        var random = new Random(index);
        var noise = new byte[random.Next(1, 20_000)];
        random.NextBytes(noise);
        return (index % Kinds) switch
        {
            1 => "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(),
            2 => s_clientHello.AsMemory(0, 1 + (index / Kinds % s_clientHello.Length)),
            3 => (byte[])[.. s_clientHello, .. noise],
            _ => noise,
        };
#pragma warning restore CA5394
    }
}

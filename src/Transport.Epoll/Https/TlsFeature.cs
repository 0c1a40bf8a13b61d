using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Transport.Epoll.Https;

/// <summary>What Kestrel and applications ask of a connection that speaks TLS.</summary>
/// <remarks>Whoever has the connection, one thread at a time, as with any feature.</remarks>
internal sealed class TlsFeature(ConnectionContext connection, SslStream stream, bool allowsLateCertificate)
    : ITlsConnectionFeature, ITlsApplicationProtocolFeature, ITlsHandshakeFeature, ISslStreamFeature
{
    private X509Certificate2? _certificate;
    private Task<X509Certificate2?>? _lateCertificate;

    public X509Certificate2? ClientCertificate
    {
        get => _certificate ??= stream.RemoteCertificate switch
        {
            null => null,
            X509Certificate2 certificate => certificate,
            X509Certificate other => new X509Certificate2(other),
        };
        set
        {
            _certificate = value;
            _lateCertificate = Task.FromResult(value);
        }
    }

    public ReadOnlyMemory<byte> ApplicationProtocol => stream.NegotiatedApplicationProtocol.Protocol;

    public SslStream SslStream => stream;

    public SslProtocols Protocol => stream.SslProtocol;

    public TlsCipherSuite? NegotiatedCipherSuite => stream.NegotiatedCipherSuite;

    /// <summary>The name that the client asked for, empty if it gave none.</summary>
    public string HostName => stream.TargetHostName;

#pragma warning disable SYSLIB0058 // Obsolete for callers; the interface still has them.
    public CipherAlgorithmType CipherAlgorithm => stream.CipherAlgorithm;

    public int CipherStrength => stream.CipherStrength;

    public HashAlgorithmType HashAlgorithm => stream.HashAlgorithm;

    public int HashStrength => stream.HashStrength;

    public ExchangeAlgorithmType KeyExchangeAlgorithm => stream.KeyExchangeAlgorithm;

    public int KeyExchangeStrength => stream.KeyExchangeStrength;
#pragma warning restore SYSLIB0058

    /// <summary>Asks once for a connection; HTTP/2 forbids to ask after the handshake (RFC 9113, 9.2.1; RFC 8740).</summary>
    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken)
        => _lateCertificate ??= ClientCertificate is null && allowsLateCertificate && stream.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2
            ? AskAsync(cancellationToken)
            : Task.FromResult(ClientCertificate);

    public void AddTo(IFeatureCollection features)
    {
        features.Set<ITlsConnectionFeature>(this);
        features.Set<ITlsHandshakeFeature>(this);
        features.Set<ITlsApplicationProtocolFeature>(this);
        features.Set<ISslStreamFeature>(this);
        features.Set(stream); // as Kestrel still does
    }

    private async Task<X509Certificate2?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
#pragma warning disable CA1416 // Where it is not supported, it says so.
            await stream.NegotiateClientCertificateAsync(cancellationToken).ConfigureAwait(false);
#pragma warning restore CA1416
        }
        catch (PlatformNotSupportedException)
        {
            return null;
        }
        catch
        {
            // The connection's state is unknown, and another one may do better: this one ends with the answer.
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            throw;
        }

        return ClientCertificate;
    }
}

using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Transport.Epoll.Https;

/// <summary>An endpoint's <see cref="HttpsConnectionAdapterOptions"/> in the words of <see cref="SslStream"/>.</summary>
/// <remarks>Any thread: what is made of the options once is immutable. Kestrel's own middleware has checked the options before.</remarks>
internal sealed class ServerTls
{
    /// <summary>RFC 5280, 4.2.1.12.</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly HttpsConnectionAdapterOptions _options;
    private readonly HttpProtocols _protocols;
    private readonly SslStreamCertificateContext? _certificate;

    // Of what the selector gave so far, from the second time on, each for as long as the application has its certificate. A context holds the chain, and building that for each handshake,
    // as SslStream does with a selector's certificate, costs nearly as much as the handshake.
    private readonly ConditionalWeakTable<X509Certificate2, Lazy<SslStreamCertificateContext>> _selected = [];

    public ServerTls(HttpsConnectionAdapterOptions options, HttpProtocols protocols)
    {
        if (options.TlsClientHelloBytesCallback is not null)
        {
            throw new NotSupportedException($"UseEpollHttps does not know {nameof(HttpsConnectionAdapterOptions.TlsClientHelloBytesCallback)}; UseHttps does.");
        }

        _options = options;
        _protocols = protocols;

        // A selector wins: the certificate may be a default one. The context has the chain, which is built once, not for each handshake.
        if (options.ServerCertificateSelector is null)
        {
            _certificate = SslStreamCertificateContext.Create(options.ServerCertificate!, options.ServerCertificateChain);
        }
    }

    public TimeSpan HandshakeTimeout => _options.HandshakeTimeout;

    public bool AllowsLateCertificate => _options.ClientCertificateMode == ClientCertificateMode.DelayCertificate;

    public SslStream CreateStream(Stream inner) => new(inner, leaveInnerStreamOpen: false,
        _options.ClientCertificateMode == ClientCertificateMode.NoCertificate ? null : IsAllowed);

    /// <summary>Shakes hands: with a selector, once the client has said which name it asks for.</summary>
    public Task AuthenticateAsync(SslStream stream, ConnectionContext connection, CancellationToken cancellation)
    {
        if (_options.ServerCertificateSelector is null)
        {
            return stream.AuthenticateAsServerAsync(CreateOptions(connection, null), cancellation);
        }

        SslServerAuthenticationOptions? selected = null; // once: a client that is asked for another key share says hello again
        return stream.AuthenticateAsServerAsync((_, hello, _, _) => new(selected ??= SelectOptions(connection, hello.ServerName)), null, cancellation);
    }

    /// <summary>What is made of the selector's answer for one connection.</summary>
    public SslServerAuthenticationOptions SelectOptions(ConnectionContext connection, string name)
    {
        ServerCertificateSelectionCallback select = (_, asked) => Select(asked)!;
        SslServerAuthenticationOptions options = CreateOptions(connection, select);
        if (options.ServerCertificateSelectionCallback != select || options.ServerCertificateContext is not null || options.ServerCertificate is not null)
        {
            return options; // OnAuthenticate has a way of its own
        }

        X509Certificate2? certificate = Select(name);
        if (certificate is not null && _selected.TryGetValue(certificate, out Lazy<SslStreamCertificateContext>? context))
        {
            options.ServerCertificateSelectionCallback = null;
            options.ServerCertificateContext = context.Value;
            return options;
        }

        options.ServerCertificateSelectionCallback = (_, _) => certificate!; // SslStream builds the chain, or ends the handshake for want of a certificate
        if (certificate is not null)
        {
            // Used once it is seen again: a selector may make a new one for each handshake. A failure is not kept.
            _selected.TryAdd(certificate, new(() => SslStreamCertificateContext.Create(certificate, additionalCertificates: null), LazyThreadSafetyMode.PublicationOnly));
        }

        return options;

        X509Certificate2? Select(string? asked) => RequireServerPurpose(_options.ServerCertificateSelector!(connection, asked));
    }

    /// <summary>Made anew for each connection: <c>OnAuthenticate</c> may change it.</summary>
    private SslServerAuthenticationOptions CreateOptions(ConnectionContext connection, ServerCertificateSelectionCallback? select)
    {
        SslServerAuthenticationOptions options = new()
        {
            ServerCertificateContext = _certificate,
            ServerCertificateSelectionCallback = select,
            ClientCertificateRequired = _options.ClientCertificateMode is ClientCertificateMode.AllowCertificate or ClientCertificateMode.RequireCertificate,
            EnabledSslProtocols = _options.SslProtocols,
            CertificateRevocationCheckMode = _options.CheckCertificateRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
            AllowRenegotiation = false, // by the client, in TLS 1.2
            ApplicationProtocols = [],
        };

        // In the order of preference.
        if (_protocols.HasFlag(HttpProtocols.Http2))
        {
            options.ApplicationProtocols.Add(SslApplicationProtocol.Http2);
        }

        if (_protocols.HasFlag(HttpProtocols.Http1))
        {
            options.ApplicationProtocols.Add(SslApplicationProtocol.Http11);
        }

        _options.OnAuthenticate?.Invoke(connection, options);
        return options;
    }

    /// <summary>Kestrel checks a fixed certificate so at the start; of a selector's it can't know before.</summary>
    private static X509Certificate2? RequireServerPurpose(X509Certificate2? certificate)
    {
        X509EnhancedKeyUsageExtension? purposes = certificate?.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault();
        return purposes is null || purposes.EnhancedKeyUsages[ServerAuthentication] is not null ? certificate
            : throw new InvalidOperationException($"Certificate {certificate!.Thumbprint} has purposes (enhanced key usage), and server authentication, {ServerAuthentication}, is not one of them.");
    }

    /// <summary>An own validation decides alone; without one the certificate must be without fault.</summary>
    private bool IsAllowed(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return _options.ClientCertificateMode != ClientCertificateMode.RequireCertificate;
        }

        return _options.ClientCertificateValidation is { } validate
            ? validate(certificate as X509Certificate2 ?? new X509Certificate2(certificate), chain, errors)
            : errors == SslPolicyErrors.None;
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Transport.Epoll.Bench.Servers;

/// <summary>One self-signed certificate for each kind of key, the same for all servers of a run, so that their handshakes cost the same. One caller at a time.</summary>
internal static class ServerCertificate
{
    private const int RsaBits = 2048;

    private static readonly ConcurrentDictionary<string, bool> s_hashes = new();

    /// <summary>The certificate and its key as PEM files, made on first use.</summary>
    public static (string Certificate, string Key) Files(ServerSettings settings)
    {
        var kind = settings.Rsa ? "rsa" : "ecdsa";
        var (certificate, key) = (Path.Combine(settings.Folder, $"certificate-{kind}.pem"), Path.Combine(settings.Folder, $"key-{kind}.pem"));
        if (!File.Exists(key))
        {
            using AsymmetricAlgorithm pair = settings.Rsa ? RSA.Create(RsaBits) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = pair is RSA rsa
                ? new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : new CertificateRequest("CN=localhost", (ECDsa)pair, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(7));
            s_hashes.TryAdd(made.GetCertHashString(HashAlgorithmName.SHA256), true);
            File.WriteAllText(certificate, made.ExportCertificatePem());
            File.WriteAllText(key, pair.ExportPkcs8PrivateKeyPem());
        }

        return (certificate, key);
    }

    /// <summary>Whether a server showed one of these certificates: what clients check instead of a chain. Any thread.</summary>
    public static bool IsOurs(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null && s_hashes.ContainsKey(certificate.GetCertHashString(HashAlgorithmName.SHA256));
}
